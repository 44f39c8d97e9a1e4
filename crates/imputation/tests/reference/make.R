# Values beside the tests: R 4.2.2, mice 3.15.0. Run here: Rscript make.R
suppressMessages({library(mice); library(jsonlite)})
set.seed(11)
n <- 400
x <- rnorm(n); z <- 0.6 * x + rnorm(n); w <- -0.4 * x + 0.5 * z + rnorm(n)
y <- 1 + x - 0.5 * z + 0.25 * w + rnorm(n)
z[runif(n) < plogis(-1 + x)] <- NA
w[runif(n) < plogis(-1.5 + y / 2)] <- NA
data <- data.frame(x = x, z = z, w = w, y = y)
write.csv(data, "gaps.csv", row.names = FALSE, na = "")
full <- read.csv("gaps.csv")

# Little's test by direct maximisation of the likelihood, with no code in common with EM.
little <- function(d) {
  p <- ncol(d); known <- !is.na(d)
  keys <- apply(known, 1, paste, collapse = ""); d <- as.matrix(scale(d))
  groups <- lapply(unique(keys), function(k) list(on = known[match(k, keys), ], rows = which(keys == k)))
  unpack <- function(v) {
    L <- matrix(0, p, p); L[lower.tri(L, TRUE)] <- v[-(1:p)]; diag(L) <- exp(diag(L))
    list(m = v[1:p], S = L %*% t(L))
  }
  minus <- function(v) {
    if (max(abs(v)) > 20) return(1e10)
    u <- unpack(v); out <- 0
    for (g in groups) {
      S <- u$S[g$on, g$on, drop = FALSE]; q <- sweep(d[g$rows, g$on, drop = FALSE], 2, u$m[g$on])
      out <- out + length(g$rows) * as.numeric(determinant(S)$modulus) + sum((q %*% solve(S)) * q)
    }
    out / 2
  }
  best <- rep(0, p + p * (p + 1) / 2)
  for (again in 1:6) best <- nlminb(best, minus, control = list(rel.tol = 1e-15, iter.max = 2000, eval.max = 9000))$par
  u <- unpack(best); stat <- 0; df <- -p
  for (g in groups) {
    S <- u$S[g$on, g$on, drop = FALSE]; away <- colMeans(d[g$rows, g$on, drop = FALSE]) - u$m[g$on]
    stat <- stat + length(g$rows) * as.numeric(t(away) %*% solve(S) %*% away); df <- df + sum(g$on)
  }
  list(statistic = stat, df = df, p = pchisq(stat, df, lower.tail = FALSE), patterns = length(groups))
}

imp <- mice(full, m = 10, maxit = 5, seed = 3, printFlag = FALSE)
fits <- lapply(1:10, function(i) lm(y ~ x + z + w, data = complete(imp, i)))
one <- lapply(c("x", "z", "w"), function(term) {
  q <- sapply(fits, function(f) coef(f)[[term]]); u <- sapply(fits, function(f) vcov(f)[term, term])
  finite <- pool.scalar(q, u, n = n, k = 4); large <- pool.scalar(q, u, n = Inf)
  keep <- function(p) p[c("qbar", "ubar", "b", "t", "df", "r", "fmi")]
  list(estimates = q, variances = u, finite = keep(finite), large = keep(large))
})
terms <- c("z", "w")
joint <- D1(as.mira(fits), as.mira(lapply(1:10, function(i) lm(y ~ x, data = complete(imp, i)))))$result
# Monte Carlo means of mice itself, with the same method, to hold our draws against: 40 runs of 20 tables.
runs <- t(sapply(1:40, function(s) {
  i <- mice(full, m = 20, maxit = 10, seed = 100 + s, method = "pmm", printFlag = FALSE)
  summary(pool(with(i, lm(y ~ x + z + w))))[, c("estimate", "std.error")] |> unlist()
}))
write_json(list(
  versions = list(R = as.character(getRversion()), mice = as.character(packageVersion("mice"))),
  little = little(full), scalar = one,
  joint = list(estimates = t(sapply(fits, function(f) coef(f)[terms])), covariances = t(sapply(fits, function(f) as.vector(vcov(f)[terms, terms]))),
               statistic = joint[1], df1 = joint[2], df2 = joint[3], p = joint[4], riv = joint[5]),
  mice = list(means = colMeans(runs), sds = apply(runs, 2, sd))
), "mice.json", digits = 16, auto_unbox = TRUE, pretty = TRUE)
