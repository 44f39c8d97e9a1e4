# Shares of rows in households by R's survey, printed as clustered.json.
# Rscript clustered.R > clustered.json
suppressMessages({library(survey); library(jsonlite)})
set.seed(7)
made <- function(clusters, sizes, base, spread) {
  size <- sizes[(seq_len(clusters) - 1) %% length(sizes) + 1]
  chance <- plogis(qlogis(base) + rnorm(clusters, sd = spread))
  household <- rep(seq_len(clusters), size)
  data.frame(household, y = as.numeric(runif(sum(size)) < chance[household]))
}
cases <- list(
  made(60, 1:5, 0.3, 2), made(12, c(1, 2, 6), 0.3, 3), made(400, 1:4, 0.02, 3),
  made(150, c(2, 3), 0.9, 2), made(5, c(4, 9), 0.5, 2), made(3000, 1:3, 0.4, 1.5))
out <- lapply(cases, function(rows) {
  design <- svydesign(ids = ~household, weights = ~1, data = rows)
  mean <- svymean(~y, design)
  limits <- function(level) as.numeric(attr(svyciprop(~y, design, method = "beta", level = level), "ci"))
  list(counts = as.integer(tapply(rows$y, rows$household, sum)), totals = as.integer(table(rows$household)),
       variance = as.numeric(vcov(mean)), limits95 = limits(0.95), limits80 = limits(0.80))
})
cat(toJSON(list(survey = as.character(packageVersion("survey")), cases = out), auto_unbox = TRUE, digits = NA))
cat("\n")
