# What R's penalised splines (P-splines) in Cox's regression say of spells.csv: pspline.json.
# Rscript pspline.R, in this folder; versions are written into the file.
suppressMessages({library(survival); library(jsonlite)})
d <- read.csv("spells.csv")
d$event <- d$cause > 0
S <- Surv(d$entry, d$time, d$event)
ctl <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 500, outer.max = 200)
grid <- c(20, 25.5, 33, 40, 47.2, 60)
out <- list()
said <- function(fit, name = NULL) {
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(fit$var))), se2 = unname(sqrt(diag(fit$var2))), loglik = fit$loglik[2],
    penalty = fit$penalty[2], df = unname(fit$df))
}
# The smoothing given.
out$fixed <- lapply(c(0.2, 0.7, 0.97), function(theta)
  c(list(theta = theta), said(coxph(S ~ pspline(age, theta = theta, nterm = 10) + work, d, control = ctl))))
out$two <- said(coxph(S ~ pspline(age, theta = 0.8, nterm = 8) + pspline(debt, theta = 0.5, nterm = 6) + work + strata(district), d, control = ctl))
# With weights, Efron's ties and delayed entry together R 3.5-3 does not reach the top (500 steps, no convergence): two of the three at a time.
out$weighted <- said(coxph(Surv(d$time, d$event) ~ pspline(age, theta = 0.8, nterm = 8) + work, d, weights = weight, robust = FALSE, control = ctl))
out$weighted_breslow <- said(coxph(S ~ pspline(age, theta = 0.8, nterm = 8) + work, d, weights = weight, robust = FALSE, ties = "breslow", control = ctl))
out$breslow <- said(coxph(S ~ pspline(age, theta = 0.6, nterm = 10), d, ties = "breslow", control = ctl))
# Degrees of freedom asked: R searches theta until they are within eps.
out$df <- lapply(c(2, 3, 4.5), function(df) {
  fit <- coxph(S ~ pspline(age, df = df, eps = 1e-9) + work, d, control = ctl)
  c(list(asked = df, theta = as.numeric(fit$history[[1]]$theta)), said(fit))
})
# The columns, inside the range, at its ends and beyond them; the curve beside age 40.
at <- function(x) matrix(as.numeric(pspline(x, theta = 0.5, nterm = 10, Boundary.knots = range(d$age), penalty = FALSE)), nrow = length(x))
out$at <- c(grid, range(d$age), 5, 90)
out$basis <- at(out$at)
fit <- coxph(S ~ pspline(age, theta = 0.7, nterm = 10) + work, d, control = ctl)
far <- sweep(at(grid), 2, at(40))
k <- ncol(far)
out$curve <- list(effect = as.vector(far %*% coef(fit)[1:k]), error = sqrt(diag(far %*% fit$var[1:k, 1:k] %*% t(far))))
out$versions <- list(R = R.version.string, survival = as.character(packageVersion("survival")))
writeLines(toJSON(out, digits = 17, auto_unbox = TRUE, pretty = TRUE), "pspline.json")
