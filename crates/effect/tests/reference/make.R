# Reference values of tests/it/reference.rs: R 4.2.2, survival 3.5-3, jsonlite. Run here: Rscript make.R
library(survival)
# The default stopping rule leaves 8 digits.
to_the_end <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 60)
set.seed(20240611)
n <- 1600
x1 <- round(rnorm(n), 3); x2 <- as.numeric(runif(n) < .4)
group <- sample(0:2, n, TRUE)
begins <- ceiling(rexp(n, .0020 * exp(.4 * x1 - .5 * x2)))
before <- rexp(n, .0016 * exp(.3 * x1 - .5 * x2))
out <- ifelse(before < begins, before, begins + rexp(n, .0016 * exp(.4 + .3 * x1 - .5 * x2)))
other <- rexp(n, .0007 * exp(.3 * x2)); lost <- runif(n, 250, 1100)
end <- ceiling(pmin(out, other, lost))
cause <- ifelse(pmin(out, other) > lost, 0, ifelse(out < other, 1, 2))
entry <- ifelse(runif(n) < .3, floor(runif(n, 0, 300)), 0)
person <- sample.int(1300, n, TRUE)
d <- data.frame(person, entry, end, cause, provision = ifelse(begins < end, begins, NA), x1, x2, group)
d <- d[d$entry < d$end, ]
write.csv(d, "spells.csv", row.names = FALSE, na = "", quote = FALSE)
n <- nrow(d); X <- cbind(d$x1, d$x2)
has <- !is.na(d$provision)

# Start-stop rows from the day of the beginning; naive fixed column.
cut_at <- ifelse(has, pmax(d$provision, d$entry), Inf)
rows <- rbind(
  data.frame(id = 1:n, from = d$entry, until = pmin(d$end, cut_at), a = 0, ev = ifelse(has, 0, d$cause == 1)),
  data.frame(id = which(has), from = cut_at[has], until = d$end[has], a = 1, ev = d$cause[has] == 1))
rows <- rows[rows$from < rows$until, ]
rows <- cbind(rows, d[rows$id, c("x1", "x2", "person", "group")])
hr <- function(f, k = 1) { s <- summary(f)$coefficients; c(s[k, "coef"], s[k, if ("robust se" %in% colnames(s)) "robust se" else "se(coef)"]) }
td <- coxph(Surv(from, until, ev) ~ a + x1 + x2, rows, cluster = person, control = to_the_end)
naive <- coxph(Surv(entry, end, cause == 1) ~ has + x1 + x2, d, cluster = person, control = to_the_end)

# The effect by group, and Wald's test that it is the same.
for (g in 0:2) rows[[paste0("a", g)]] <- rows$a * (rows$group == g)
by <- coxph(Surv(from, until, ev) ~ a0 + a1 + a2 + factor(group) + x1 + x2, rows, cluster = person, control = to_the_end)
C <- rbind(c(-1, 1, 0), c(-1, 0, 1)); b <- coef(by)[1:3]; V <- vcov(by)[1:3, 1:3]
wald <- drop(t(C %*% b) %*% solve(C %*% V %*% t(C)) %*% (C %*% b))

# In the first 180 days of the provision, and later.
turn <- d$provision[rows$id] + 180
dur <- rbind(within(rows[rows$a == 0, ], { first <- 0; later <- 0 }),
  within(rows[rows$a == 1, ], { t <- turn[rows$a == 1]; ev <- ev & until <= t; until <- pmin(until, t); first <- 1; later <- 0; rm(t) }),
  within(rows[rows$a == 1, ], { from <- pmax(from, turn[rows$a == 1]); first <- 0; later <- 1 }))
dur <- dur[dur$from < dur$until, ]
du <- coxph(Surv(from, until, ev) ~ first + later + x1 + x2, dur, cluster = person, control = to_the_end)
dz <- (coef(du)[1] - coef(du)[2]) / sqrt(vcov(du)[1, 1] + vcov(du)[2, 2] - 2 * vcov(du)[1, 2])

# Marginal structural model: Cox for the pull, constant pace within intervals of equally many beginnings.
w <- d[!(has & d$provision <= d$entry), ]; wh <- !is.na(w$provision)
w$until <- ifelse(wh, w$provision, w$end)
gam <- coef(coxph(Surv(entry, until, wh) ~ x1 + x2, w, control = to_the_end))
days <- sort(w$until[wh]); m <- length(days); K <- min(max(m %/% 5, 1), 48)
cuts <- unique(days[(1:K * m) %/% K]); lows <- c(0, head(cuts, -1))
lived <- function(from, until) pmax(0, pmin(until, cuts) - pmax(from, lows))
L <- t(mapply(lived, w$entry, w$until)); pace_w <- exp(as.matrix(w[, c("x1", "x2")]) %*% gam)[, 1]
begun <- tabulate(findInterval(w$until[wh], cuts, left.open = TRUE) + 1, length(cuts))
marg <- begun / colSums(L); base <- begun / colSums(L * pace_w)
pace <- exp(X %*% gam)[, 1]
weight <- function(i, until, starts) {
  l <- sum(lived(0, until) * (base * pace[i] - marg))
  if (starts) { k <- min(findInterval(until, cuts, left.open = TRUE) + 1, length(cuts)); l <- l + log(marg[k] / (base[k] * pace[i])) }
  exp(l)
}
msm <- do.call(rbind, lapply(1:n, function(i) {
  r <- NULL; stop_at <- if (has[i]) d$provision[i] else d$end[i]
  if (stop_at > d$entry[i]) {
    brk <- c(d$entry[i], cuts[cuts > d$entry[i] & cuts < stop_at], stop_at)
    for (j in 2:length(brk)) {
      k <- findInterval(brk[j], cuts, left.open = TRUE) + 1
      at <- if (k > length(cuts)) Inf else (lows[k] + cuts[k]) / 2
      r <- rbind(r, c(i, brk[j - 1], brk[j], 0, !has[i] && j == length(brk) && d$cause[i] == 1, weight(i, at, FALSE)))
    }
  }
  if (has[i]) r <- rbind(r, c(i, max(d$provision[i], d$entry[i]), d$end[i], 1, d$cause[i] == 1, weight(i, d$provision[i], TRUE)))
  r
}))
msm <- data.frame(id = msm[, 1], from = msm[, 2], until = msm[, 3], a = msm[, 4], ev = msm[, 5], w = msm[, 6])
fm <- coxph(Surv(from, until, ev) ~ a, msm, weights = w, cluster = d$person[msm$id], control = to_the_end)

# Landmarks: in sight on the day; those without are followed until their own later beginning.
landmark <- function(day) {
  s <- d[d$entry <= day & d$end > day, ]
  s$a <- as.numeric(!is.na(s$provision) & s$provision <= day)
  later <- !is.na(s$provision) & s$a == 0
  s$time <- ifelse(later, s$provision, s$end) - day
  s$status <- ifelse(later | s$cause == 0, 0, ifelse(s$cause == 1, 1, 2)); s$day <- day
  s
}
s <- landmark(120); tau <- 300
lm1 <- coxph(Surv(time, status == 1) ~ a + x1 + x2, s, cluster = person, control = to_the_end)
both <- rbind(landmark(60), s)
lm2 <- coxph(Surv(time, status == 1) ~ a + x1 + x2 + strata(day), both, cluster = person, control = to_the_end)
p <- fitted(glm(a ~ x1 + x2, binomial, s, control = glm.control(epsilon = 1e-14, maxit = 50)))
share <- mean(s$a); sw <- ifelse(s$a == 1, share / p, (1 - share) / (1 - p))
smd <- function(x, w) { g <- function(a, w) { k <- s$a == a; mu <- weighted.mean(x[k], w[k]); c(mu, weighted.mean((x[k] - mu)^2, w[k])) }
  u <- rep(1, length(x)); sd <- sqrt((g(1, u)[2] + g(0, u)[2]) / 2); c((g(1, w)[1] - g(0, w)[1]) / sd, g(1, w)[2] / g(0, w)[2]) }
ess <- function(a) sum(sw[s$a == a])^2 / sum(sw[s$a == a]^2)

# Doubly robust difference of the chance of the outcome within tau, hazards by Cox in each arm.
steps <- function(a, st) {
  k <- s[s$a == a, ]; k$e <- k$status == st
  f <- coxph(Surv(time, e) ~ x1 + x2, k, control = to_the_end); h <- basehaz(f, centered = FALSE)
  list(t = h$time, r = diff(c(0, h$hazard)), x = exp(as.matrix(s[, c("x1", "x2")]) %*% coef(f))[, 1])
}
arm <- function(a) {
  h <- list(steps(a, 1), steps(a, 2), steps(a, 0))
  grid <- sort(unique(unlist(lapply(h, function(h) h$t[h$t <= tau & h$r > 0]))))
  rise <- sapply(h, function(h) { r <- h$r[match(grid, h$t)]; ifelse(is.na(r), 0, r) })
  t(sapply(seq_len(nrow(s)), function(i) {
    h1 <- rise[, 1] * h[[1]]$x[i]; h2 <- rise[, 2] * h[[2]]$x[i]; q <- 1 - exp(-rise[, 3] * h[[3]]$x[i])
    S <- exp(-cumsum(h1 + h2)); Sb <- c(1, head(S, -1)); leaves <- 1 - exp(-(h1 + h2))
    F <- cumsum(ifelse(h1 + h2 > 0, Sb * leaves * h1 / (h1 + h2), 0))
    G <- cumprod(1 - q); Gb <- c(1, head(G, -1)); Ft <- tail(F, 1)
    if (s$a[i] != a) return(c(Ft, Ft, 0, 0))
    T <- s$time[i]; risk <- grid < T | (grid == T & s$status[i] == 0)
    dM <- (grid == T & s$status[i] == 0) - q
    aug <- sum(((Ft - F) / (S * G) * dM)[risk])
    y <- if (T <= tau && s$status[i] == 1) 1 / Gb[match(T, grid)] else 0
    pa <- if (a == 1) p[i] else 1 - p[i]
    c(Ft, Ft + (y + aug - Ft) / pa, y / pa, 1 / pa)
  }))
}
A1 <- arm(1); A0 <- arm(0); psi <- mean(A1[, 2] - A0[, 2])
# Residuals at the size they have for rows on which nothing was fitted: two columns and a level, in two models.
full <- function(A, a) A[, 1] + (A[, 2] - A[, 1]) / (1 - 6 / sum(s$a == a))
phi <- full(A1, 1) - full(A0, 0)
se <- sqrt(sum(rowsum(phi - mean(phi), s$person)^2)) / nrow(s)
aj <- function(a) { k <- s[s$a == a, ]; f <- survfit(Surv(time, factor(status, 0:2)) ~ 1, k); summary(f, times = tau)$pstate[2] }

pv <- c(.01, .04, .03, .005, .2)
jsonlite::write_json(list(
  versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
  time_dependent = hr(td), ever_received = hr(naive),
  by_duration = list(first = hr(du), later = hr(du, 2), p = unname(2 * pnorm(-abs(dz)))),
  groups = list(estimate = unname(b), se = unname(sqrt(diag(V))), wald = wald, p = pchisq(wald, 2, lower.tail = FALSE)),
  weighted = list(hazard_ratio = hr(fm), mean = mean(msm$w), highest = max(msm$w), effective_share = sum(msm$w)^2 / sum(msm$w^2) / nrow(msm)),
  landmark = list(n = nrow(s), exposed = sum(s$a), adjusted = hr(lm1), pooled = hr(lm2), chance_range = range(p),
    x1 = list(before = smd(s$x1, rep(1, nrow(s))), after = smd(s$x1, sw)), x2 = list(before = smd(s$x2, rep(1, nrow(s))), after = smd(s$x2, sw)),
    effective = c(ess(1), ess(0))),
  doubly_robust = list(with = mean(A1[, 2]), without = mean(A0[, 2]), difference = psi, se = se, regression = mean(A1[, 1] - A0[, 1]),
    weighted = sum(A1[, 3]) / sum(A1[, 4]) - sum(A0[, 3]) / sum(A0[, 4]), crude = aj(1) - aj(0), events = c(table(s$a, s$status))),
  p_adjust = list(p = pv, holm = p.adjust(pv, "holm"), bh = p.adjust(pv, "BH"))),
  "values.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
