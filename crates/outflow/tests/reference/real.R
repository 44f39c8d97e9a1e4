# Chances to have left and hazard ratios of the real spells in tests/real.rs, by R survival. Rscript real.R FOLDER, in this folder, where
# FOLDER holds unempdur.csv, which may not be copied; the other files are in tests/data/real_spells.
library(survival)
own <- "../../../../tests/data/real_spells/"
month <- 365.25 / 12
read <- function(file) read.csv(file, na.strings = "", stringsAsFactors = TRUE)
told <- function(d, time, ended, formula, horizons) {
  d$end <- Surv(time, ended)
  at <- summary(survfit(end ~ 1, d, conf.type = "log-log"), times = horizons)
  fit <- coxph(update(formula, end ~ .), d, ties = "efron", control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
  limits <- exp(confint(fit))
  list(spells = nrow(d), ended = sum(ended),
    left = 1 - at$surv, lower = 1 - at$upper, upper = 1 - at$lower,
    ratio = unname(exp(coef(fit))), ratio_lower = unname(limits[, 1]), ratio_upper = unname(limits[, 2]))
}
recid <- read(paste0(own, "recid.csv"))
rossi <- read(paste0(own, "rossi.csv"))
rossi$mar <- relevel(rossi$mar, "not married")
rossi$educ <- relevel(factor(rossi$educ), "3")
ui <- read(paste0(own, "ui_benefits.csv"))
jobless <- read(file.path(commandArgs(TRUE)[1], "unempdur.csv"))
jobless <- jobless[rowSums(jobless[, paste0("censor", 1:4)]) == 1, ]
out <- list(
  versions = paste0("R ", getRversion(), ", survival ", packageVersion("survival")),
  recid = told(recid, recid$durat, recid$cens == 0, ~ I(age / 120) + priors + educ + I(tserved / 12) + rules + alcohol + drugs + workprg +
    super + felon + property + married, c(6, 12, 24, 60)),
  rossi = told(rossi, rossi$week, rossi$arrest == 1, ~ I(age / 10) + prio + wexp + mar + paro + educ, c(3, 6, 9, 11) * month / 7),
  ui_benefits = told(ui, ui$tenure * 12, rep(TRUE, nrow(ui)), ~ I(age / 10) + stateur + school12 + smsa + married + dkids + head,
    c(12, 36, 60, 120)),
  unempdur = told(jobless, jobless$spell * 14, jobless$censor4 == 0, ~ I(age / 10) + I(tenure / 5) + logwage + I(reprate / 0.1) + stateur + ui +
    married + child + schgt12 + bluecoll, c(1, 3, 6, 12) * month))
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "real.json")
