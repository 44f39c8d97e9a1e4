# Chances of competing ends from cause-specific Cox regressions, as learn/tests/survival.rs expects them.
# Rscript competing.R $HELDER_REFERENCE_DATA/ml/unempdur.csv     R 4.2.2, survival 3.5-3
# Multi-state coxph of that version treats ties as Breslow whatever is asked.
suppressMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1])
d$id <- seq_len(nrow(d))
d$cause <- ifelse(d$censor1 == 1, 1, ifelse(d$censor2 == 1, 2, ifelse(d$censor3 == 1, 3, 0)))
d$end <- factor(d$cause, 0:3, c("censor", "one", "two", "three"))
d$days <- d$spell * 14
fit <- coxph(Surv(days, end) ~ age + reprate + logwage, data = d, id = id, ties = "breslow")
curves <- survfit(fit, newdata = d[c(1, 10, 100), ], se.fit = FALSE)
at <- sapply(c(91.3125, 182.625, 365.25), function(t) max(which(curves$time <= t)))
for (i in 1:3) print(format(curves$pstate[at, i, ], digits = 15), quote = FALSE)
