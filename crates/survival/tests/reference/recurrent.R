# Made people to whom something comes back (no real person): recurrent.csv, and what R says of them: recurrent.json.
# Rscript recurrent.R, in this folder; versions are written into the file.
suppressMessages({library(survival); library(jsonlite)})
set.seed(4242)
n <- 150
rows <- list()
for (id in 1:n) {
  x <- round(runif(1), 2); z <- rbinom(1, 1, 0.4); frailty <- rgamma(1, 2, 2)
  from <- sample(0:5, 1); until <- from + sample(10:60, 1); t <- from; k <- 1
  repeat {
    following <- t + ceiling(rexp(1, frailty * exp(0.8 * x - 0.5 * z) * 1.3^(k - 1) / 15))
    stop <- min(following, until)
    if (stop > t) rows[[length(rows) + 1]] <- data.frame(id, number = k, start = t, stop, event = as.integer(following <= until), x, z)
    if (following >= until) break
    t <- following; k <- k + 1
  }
}
d <- do.call(rbind, rows)
write.csv(d, "recurrent.csv", row.names = FALSE, quote = FALSE)
ctl <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
of <- function(f) list(coef = unname(coef(f)), se = unname(sqrt(diag(f$naive.var))), robust = unname(sqrt(diag(f$var))), loglik = f$loglik)
d$stratum <- pmin(d$number, 4)
out <- list(
  total = of(coxph(Surv(start, stop, event) ~ x + z, d, cluster = id, control = ctl)),
  gap = of(coxph(Surv(stop - start, event) ~ x + z + strata(stratum), d, cluster = id, control = ctl)),
  conditional = of(coxph(Surv(start, stop, event) ~ x + z + strata(stratum), d, cluster = id, control = ctl)),
  versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))))
writeLines(toJSON(out, digits = 16, auto_unbox = TRUE), "recurrent.json")
