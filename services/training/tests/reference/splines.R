# Regressions on restricted cubic splines, as learn/tests/splines.rs expects them: splines.json.
# Rscript splines.R $HELDER_REFERENCE_DATA/ml/rossi.csv     versions are written into the file
# rms fits coxph and glm on the basis of Hmisc; here that is done without it.
suppressMessages({library(survival); library(Hmisc); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1])
d$fin <- as.numeric(d$fin == "yes")
d <- d[(seq_len(nrow(d)) - 1) %% 5 != 0, ]
knots_age <- as.vector(rcspline.eval(d$age, nk = 4, knots.only = TRUE))
knots_prio <- c(0, 2, 9)
d$A <- rcspline.eval(d$age, knots = knots_age, inclx = TRUE)
d$P <- rcspline.eval(d$prio, knots = knots_prio, inclx = TRUE)
said <- function(fit, likelihood) list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = likelihood)
# Coefficients of A, P, fin, after the intercept where there is one.
ctl <- glm.control(epsilon = 1e-15, maxit = 100)
cox <- coxph(Surv(week, arrest) ~ A + P + fin, d, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
logit <- glm(arrest ~ A + P + fin, binomial, d, control = ctl)
counts <- glm(prio ~ A + fin, poisson, d, control = ctl)
amount <- lm(week ~ A + P + fin, d)
out <- list(knots = knots_age, cox = said(cox, cox$loglik[2]), logistic = said(logit, as.numeric(logLik(logit))),
  poisson = said(counts, as.numeric(logLik(counts))), linear = said(amount, as.numeric(logLik(amount))))
out$versions <- list(R = R.version.string, survival = as.character(packageVersion("survival")), Hmisc = as.character(packageVersion("Hmisc")))
writeLines(toJSON(out, digits = 17, auto_unbox = TRUE, pretty = TRUE), "splines.json")
