# One fit of the two-parameter model by R's mirt:  Rscript irt_fit.R TABLE.csv RESULT.csv
# TABLE: scores of 0 and 1 without names, solvers in rows, NA where there is none. RESULT: three lines of numbers:
# abilities; discriminations; difficulties; and one of the seconds that it took. Ends with 3 where mirt is not installed.
if (!requireNamespace("mirt", quietly = TRUE)) quit(status = 3)
given <- commandArgs(trailingOnly = TRUE)
scores <- as.data.frame(as.matrix(read.csv(given[1], header = FALSE)))
began <- proc.time()[["user.self"]]
fit <- mirt::mirt(scores, 1, itemtype = "2PL", verbose = FALSE)
ability <- mirt::fscores(fit, method = "EAP")[, 1]
seconds <- proc.time()[["user.self"]] - began
items <- mirt::coef(fit, IRTpars = TRUE, simplify = TRUE)$items
lines <- sapply(list(ability, items[, "a"], items[, "b"], seconds), function(x) paste(x, collapse = ","))
writeLines(lines, given[2])
