# The figures of the outflow report on tests/data/welfare_spells, by R: survival (survfit, survdiff, coxph, cox.zph, survSplit) and cmprsk
# (cuminc, for Gray's test). Written to welfare_spells.json with all digits; `what` names the two reports:
#   late    all spells, with the day from which each was seen (delayed entry); causes are compared by log-rank per cause
#   whole   the spells that were seen from their beginning, with two neighbouring rows as one person (errors of Cox regressions by person);
#           causes are compared by Gray's test
# Rscript welfare_spells.R, in this folder.
library(survival)
library(cmprsk)
causes <- c("werk", "partner", "verhuizing", "overig")
days <- c(3, 6, 12, 24) * 365.25 / 12
all <- read.csv("../../../../tests/data/welfare_spells/welfare_spells.csv", na.strings = "")
all$cause <- factor(ifelse(is.na(all$reden_einde), "", all$reden_einde), levels = c("", causes))
all$entry <- all$gezien_vanaf_dag
all$age <- cut(all$leeftijd, c(-Inf, 27, 45, Inf), right = FALSE)
all$debt <- cut(all$schuld, c(-Inf, 1, 5000, Inf), right = FALSE)
all$woman <- factor(all$vrouw)
schooling <- sort(unique(na.omit(all$opleiding)))
all$school <- factor(ifelse(is.na(all$opleiding), "?", all$opleiding), levels = c(schooling, "?"))
all$school <- relevel(all$school, ref = "laag")
# Levels in the order of the report, the reference, and whether the last level is "not known".
traits <- list(
  leeftijd = list(of = "age", levels = levels(all$age)),
  schuld = list(of = "debt", levels = levels(all$debt)),
  vrouw = list(of = "woman", levels = c("0", "1"), reference = "0"),
  opleiding = list(of = "school", levels = c(schooling, "?"), reference = "laag", missing = "?"))
terms <- ~ I(leeftijd / 10) + I(schuld / 5000) + woman + school

limits <- function(estimate, lower, upper) list(estimate = unname(estimate), lower = unname(lower), upper = unname(upper))
surv <- function(d, event) if (any(d$entry > 0)) Surv(d$entry, d$dagen, event) else Surv(d$dagen, event)

stay <- function(d) {
  fit <- survfit(surv(d, d$cause != "") ~ 1, conf.type = "log-log")
  at <- summary(fit, times = days)
  middle <- summary(fit)$table
  mean <- survival:::survmean(fit, scale = 1, rmean = max(days))$matrix
  error <- mean[["se(rmean)"]]
  month <- 365.25 / 12
  list(spells = nrow(d),
    within = limits(1 - at$surv, 1 - at$upper, 1 - at$lower),
    median = limits(middle[["median"]] / month, middle[["0.95LCL"]] / month, middle[["0.95UCL"]] / month),
    average = limits(mean[["rmean"]] / month, (mean[["rmean"]] - qnorm(0.975) * error) / month,
                     (mean[["rmean"]] + qnorm(0.975) * error) / month),
    error = error / month)
}
by_cause <- function(d) {
  d$cause <- factor(d$cause, levels = c("", causes))
  from <- if (any(d$entry > 0)) d$entry else rep(0, nrow(d))
  fit <- survfit(Surv(from, d$dagen, d$cause) ~ 1, id = seq_len(nrow(d)), conf.type = "log-log")
  at <- summary(fit, times = days)
  lapply(setNames(causes, causes), function(cause) {
    k <- match(cause, fit$states)
    limits(at$pstate[, k], at$lower[, k], at$upper[, k])
  })
}
score <- function(d, event) {
  chi <- log_rank(d, event); df <- nlevels(d$group) - 1
  list(chi = chi, df = df, p = pchisq(chi, df, lower.tail = FALSE))
}
# survdiff knows no entries: the log-rank test from its definition, observed less expected and the hypergeometric variance. Without entries
# it must equal survdiff (`compare` stops otherwise).
log_rank <- function(d, event) {
  groups <- levels(d$group)
  times <- sort(unique(d$dagen[event]))
  excess <- numeric(length(groups)); variance <- matrix(0, length(groups), length(groups))
  for (t in times) {
    risk <- d$entry < t & d$dagen >= t
    n <- table(d$group[risk]); n_all <- sum(n)
    ends <- table(d$group[risk & event & d$dagen == t]); d_all <- sum(ends)
    share <- as.numeric(n) / n_all
    excess <- excess + as.numeric(ends) - d_all * share
    if (n_all > 1) variance <- variance + d_all * (n_all - d_all) / (n_all - 1) * (diag(share) - share %o% share)
  }
  kept <- seq_len(length(groups) - 1)
  as.numeric(excess[kept] %*% solve(variance[kept, kept, drop = FALSE], excess[kept]))
}
gray <- function(d, cause) {
  test <- cuminc(d$dagen, as.integer(d$cause) - 1, d$group, cencode = 0)$Tests
  row <- test[as.character(match(cause, causes)), ]
  list(chi = row[["stat"]], df = row[["df"]], p = pchisq(row[["stat"]], row[["df"]], lower.tail = FALSE))
}
compare <- function(d, one, late) {
  d$group <- factor(as.character(d[[one$of]]), levels = one$levels)
  known <- d[!(d$group %in% one$missing), ]
  known$group <- droplevels(known$group)
  reference <- if (is.null(one$reference)) names(which.max(table(known$group))) else one$reference
  levels <- lapply(one$levels, function(level) {
    own <- d[d$group == level, ]
    c(stay(own), list(causes = by_cause(own)))
  })
  base <- levels[[match(reference, one$levels)]]
  levels <- lapply(levels, function(level) {
    difference <- level$average$estimate - base$average$estimate
    margin <- qnorm(0.975) * sqrt(level$error^2 + base$error^2)
    c(level, list(difference = limits(difference, difference - margin, difference + margin)))
  })
  test <- score(known, known$cause != "")
  if (!late) {
    own <- survdiff(Surv(known$dagen, known$cause != "") ~ known$group)
    stopifnot(abs(own$chisq / test$chi - 1) < 1e-10)
  }
  list(levels = levels, test = test, causes = lapply(setNames(causes, causes), function(cause)
    if (late) score(known, known$cause == cause) else gray(known, cause)))
}
holm <- function(tests) Map(function(test, p) c(test, list(holm = p)), tests, p.adjust(sapply(tests, `[[`, "p"), "holm"))

ratios <- function(d, event) {
  fit <- regression(d, event); i <- confint(fit)
  data.frame(ratio = exp(coef(fit)), lower = exp(i[, 1]), upper = exp(i[, 2]), p = 2 * pnorm(-abs(coef(fit) / sqrt(diag(vcov(fit))))))
}
regression <- function(d, event) {
  d$end <- surv(d, event)
  control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)
  by_columns <- update(terms, end ~ .)
  if (is.null(d$person)) coxph(by_columns, d, ties = "efron", model = TRUE, control = control)
  else coxph(by_columns, d, cluster = person, ties = "efron", model = TRUE, control = control)
}
hazard <- function(d, event) {
  fit <- regression(d, event)
  zph <- cox.zph(fit, transform = "km", terms = FALSE)$table
  columns <- zph[-nrow(zph), "p"]
  cut <- sort(d$dagen[event])[sum(event) %/% 2 + 1]
  early <- d[d$entry < cut, ]; early_event <- event[d$entry < cut] & early$dagen <= cut
  early$dagen <- pmin(early$dagen, cut)
  late <- d[d$dagen > cut, ]; late_event <- event[d$dagen > cut]
  late$entry <- pmax(late$entry, cut)
  list(ended = sum(event), ratios = cbind(ratios(d, event), holm = p.adjust(ratios(d, event)$p, "holm"), change = p.adjust(columns, "holm")),
    proportional = zph["GLOBAL", "p"], cut = cut / (365.25 / 12),
    early = ratios(early, early_event),
    late = ratios(late, late_event))
}
report <- function(d, late) {
  compared <- lapply(traits, function(one) compare(d, one, late))
  tests <- holm(lapply(compared, `[[`, "test"))
  causewise <- holm(unlist(lapply(compared, `[[`, "causes"), recursive = FALSE))
  for (name in names(traits)) {
    compared[[name]]$test <- tests[[name]]
    compared[[name]]$causes <- causewise[paste0(name, ".", causes)]
    names(compared[[name]]$causes) <- causes
  }
  list(overall = stay(d), causes = by_cause(d), characteristics = compared,
    hazards = c(list(any = hazard(d, d$cause != "")), lapply(setNames(causes, causes), function(cause) hazard(d, d$cause == cause))))
}
out <- list(
  versions = paste0("R ", getRversion(), ", survival ", packageVersion("survival"), ", cmprsk ", packageVersion("cmprsk")),
  late = report(all, TRUE), whole = report(transform(all, person = client %/% 2)[all$entry == 0, ], FALSE))
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns", pretty = FALSE, na = "null"), "welfare_spells.json")
