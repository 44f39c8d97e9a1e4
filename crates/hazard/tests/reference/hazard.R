# What R says of the made spells of crates/survival/tests/reference by interval: hazard.json.
# Rscript hazard.R, in this folder; versions are written into the file.
suppressMessages({library(jsonlite); library(splines)})
d <- read.csv("../../../survival/tests/reference/spells.csv")
most <- 24
# One row per spell and unit of time in which it is at risk.
long <- do.call(rbind, lapply(seq_len(nrow(d)), function(i) {
  last <- min(d$time[i], most)
  if (d$entry[i] >= last) return(NULL)
  k <- (d$entry[i] + 1):last
  cbind(d[rep(i, length(k)), ], k = k, y = ifelse(k == d$time[i], d$cause[i], 0))
}))
out <- list(n_rows = nrow(long))
ctl <- glm.control(epsilon = 1e-300, maxit = 60) # until nothing changes any more
client <- data.frame(age = 33, work = 1, district = 2)
curve_of <- function(f, new) {
  eta <- predict(f, new); h <- predict(f, new, type = "response")
  X <- model.matrix(delete.response(terms(f)), new, xlev = f$xlevels)
  # Gradient of log S by the coefficients.
  dh <- f$family$mu.eta(eta) * X
  g <- apply(-dh / (1 - h), 2, cumsum)
  list(hazard = unname(h), survival = cumprod(1 - unname(h)), error_of_log = sqrt(rowSums((g %*% vcov(f)) * g)))
}
for (link in c("logit", "cloglog")) {
  f <- glm((y > 0) ~ factor(k) + age + work + district, binomial(link), long, control = ctl)
  new <- cbind(client, k = 1:most)
  out$any[[link]] <- c(list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = as.numeric(logLik(f))), curve_of(f, new))
  w <- glm((y > 0) ~ factor(k) + age + work + district, binomial(link), long, weights = weight, control = ctl)
  out$weighted[[link]] <- list(coef = unname(coef(w)))
  # By cause: this end against none.
  for (this in 1:2) {
    g <- glm((y == this) ~ factor(k) + work, binomial(link), long[long$y %in% c(0, this), ], control = ctl)
    out$causes[[link]][[this]] <- list(coef = unname(coef(g)), se = unname(sqrt(diag(vcov(g)))))
  }
}
out$versions <- list(R = R.version.string)
writeLines(toJSON(out, digits = 16, auto_unbox = TRUE), "hazard.json")
print(table(long$k, long$y)); print(out$n_rows)
