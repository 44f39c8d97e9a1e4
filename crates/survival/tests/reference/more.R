# What R says of spells.csv about splines, penalties, influence and spells that come back: more.json.
# Rscript more.R, in this folder; versions are written into the file.
suppressMessages({library(survival); library(splines); library(Hmisc); library(glmnet); library(jsonlite)})
d <- read.csv("spells.csv")
d$event <- d$cause > 0
S <- Surv(d$entry, d$time, d$event)
ctl <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
out <- list()

# Influence, also with weights and strata: every fifth row; of the events, every fifth in order of the value.
plain <- coxph(S ~ age + debt + work, d, control = ctl)
weighted <- coxph(S ~ age + debt + work + strata(district), d, weights = weight, control = ctl)
for (name in c("plain", "weighted")) {
  fit <- get(name)
  r <- list()
  fifth <- function(x) x[seq(1, NROW(x), 5), , drop = FALSE]
  for (type in c("martingale", "deviance")) r[[type]] <- as.vector(fifth(as.matrix(unname(residuals(fit, type)))))
  for (type in c("score", "dfbeta", "dfbetas")) r[[type]] <- t(fifth(unname(residuals(fit, type))))
  for (type in c("schoenfeld", "scaledsch")) r[[type]] <- t(fifth(apply(unname(residuals(fit, type)), 2, sort)))
  out$influence[[name]] <- r
}

# Splines: Harrell's knots and basis, ns, the curve beside age 40 with its error, tests of the curve and of its bend.
out$rcs_knots <- lapply(3:7, function(k) as.vector(rcspline.eval(d$age, nk = k, knots.only = TRUE)))
out$rcs_knots_few <- as.vector(rcspline.eval(d$age[1:60], nk = 4, knots.only = TRUE))
grid <- c(20, 25.5, 33, 40, 47.2, 60)
curve_of <- function(fit, basis_at, columns) {
  b <- coef(fit)[columns]; v <- vcov(fit)[columns, columns]
  far <- sweep(basis_at(grid), 2, basis_at(40))
  list(effect = as.vector(far %*% b), error = sqrt(diag(far %*% v %*% t(far))), loglik = fit$loglik[2])
}
knots <- out$rcs_knots[[2]]
at <- function(x) rcspline.eval(x, knots = knots, inclx = TRUE)
d$B <- at(d$age)
f <- coxph(S ~ B + work, d, control = ctl)
out$rcs <- c(curve_of(f, at, 1:3), list(
  basis = at(grid), coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))),
  wald_curve = as.numeric(t(coef(f)[1:3]) %*% solve(vcov(f)[1:3, 1:3], coef(f)[1:3])),
  wald_bend = as.numeric(t(coef(f)[2:3]) %*% solve(vcov(f)[2:3, 2:3], coef(f)[2:3]))))
N <- ns(d$age, df = 4)
d$N <- unclass(N)
g <- coxph(S ~ N + work, d, control = ctl)
out$ns <- c(curve_of(g, function(x) unclass(predict(N, x)), 1:4), list(knots = unname(c(attr(N, "Boundary.knots")[1], attr(N, "knots"), attr(N, "Boundary.knots")[2]))))

# Elastic net: glmnet's objective (its ties are Breslow's), as exact as it will go. Without entries and strata: with them its
# estimates do not satisfy the conditions of the optimum (slope by coxph), so there ridge is compared, with coxph's.
W <- Surv(d$time, d$event)
x <- as.matrix(d[, c("age", "debt", "work", "district", "household")])
glmnet.control(fdev = 0, devmax = 1, eps = 1e-12, mxitnr = 1000)
lambdas <- exp(seq(log(0.12), log(0.001), length.out = 12))
for (alpha in c(1, 0.5, 0)) for (w in c(FALSE, TRUE)) {
  weights <- if (w) d$weight else rep(1, nrow(d))
  p <- glmnet(x, W, family = "cox", alpha = alpha, lambda = lambdas, weights = weights, thresh = 1e-20, maxit = 1e7)
  out$net[[length(out$net) + 1]] <- list(alpha = alpha, weighted = w, lambda = p$lambda, beta = t(unname(as.matrix(p$beta))))
}
out$ridge <- lapply(c(0.1, 0.01), function(lambda)
  list(lambda = lambda, coef = unname(coef(coxph(S ~ ridge(age, debt, work, theta = lambda * (nrow(d) - 1), scale = TRUE) + strata(district), d, control = ctl)))))
fold <- 1 + (d$household %% 5)
cv <- suppressWarnings(cv.glmnet(x, W, family = "cox", lambda = lambdas, foldid = fold, thresh = 1e-20, maxit = 1e7))
out$net_cross <- list(deviance = cv$cvm, error = cv$cvsd, best = cv$lambda.min, sparsest = cv$lambda.1se)

out$versions <- list(R = R.version.string, survival = as.character(packageVersion("survival")),
  Hmisc = as.character(packageVersion("Hmisc")), glmnet = as.character(packageVersion("glmnet")))
writeLines(toJSON(out, digits = 16, auto_unbox = TRUE, null = "null", na = "string"), "more.json")
