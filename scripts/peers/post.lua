-- Sends the bodies of a file in turn, one JSON document per line.
-- wrk -s post.lua URL -- BODIES [TOKEN]
local bodies = {}
local position = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    bodies[#bodies + 1] = line
  end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if arguments[2] then
    wrk.headers["Authorization"] = "Bearer " .. arguments[2]
  end
end

function request()
  position = position % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[position])
end

local answers_other_than_200 = 0
local threads = {}

function setup(thread)
  thread:set("other", 0)
  threads[#threads + 1] = thread
end

function response(status)
  if status ~= 200 then
    other = other + 1
  end
end

function done(summary, latency)
  for _, thread in ipairs(threads) do
    answers_other_than_200 = answers_other_than_200 + thread:get("other")
  end
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    'RESULT {"requests": %d, "duration_us": %d, "failed": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, answers_other_than_200 + broken,
    latency:percentile(50), latency:percentile(99)))
end
