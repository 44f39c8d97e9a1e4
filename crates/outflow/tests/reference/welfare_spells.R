# Chances of the outflow report on tests/data/welfare_spells, by R: survfit with delayed entry (Kaplan-Meier, Aalen-Johansen).
# Rscript welfare_spells.R > welfare_spells.json, in this folder.
library(survival)
d <- read.csv("../../../../tests/data/welfare_spells/welfare_spells.csv")
d <- d[d$dagen > d$gezien_vanaf_dag, ]
cause <- factor(ifelse(is.na(d$reden_einde) | d$reden_einde == "", "", d$reden_einde),
                levels = c("", "werk", "partner", "verhuizing", "overig"))
days <- c(3, 6, 12, 24) * 365.25 / 12
any <- survfit(Surv(gezien_vanaf_dag, dagen, cause != "") ~ 1, data = d)
by <- survfit(Surv(gezien_vanaf_dag, dagen, cause) ~ 1, data = d, id = seq_len(nrow(d)))
out <- list(
  versions = paste0("R ", getRversion(), ", survival ", packageVersion("survival")),
  spells = nrow(d),
  left = 1 - summary(any, times = days)$surv,
  causes = as.data.frame(summary(by, times = days)$pstate[, -1]))
names(out$causes) <- levels(cause)[-1]
cat(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns", pretty = TRUE), "\n")
