# The paper's fits by brms: 4 chains of 1,000 warm-up and 1,000 kept draws, as there. Called by
# speed.py with a folder of choices.csv and reports.csv; prints seconds as JSON.
suppressPackageStartupMessages(library(brms))
folder <- commandArgs(trailingOnly = TRUE)[1]
options(mc.cores = 2)
quietly <- function(...) suppressWarnings(suppressMessages(...))

choices <- read.csv(file.path(folder, "choices.csv"))
groups <- split(choices, choices$fit)
first <- quietly(brm(
  selection ~ d1 + d2 + d3 + d4 + d5, data = groups[[1]], family = bernoulli,
  prior = prior(normal(0, 1), class = b), chains = 0, refresh = 0, silent = 2
))
began <- proc.time()[["elapsed"]]
for (group in groups) {
  quietly(update(
    first, newdata = group, chains = 4, iter = 2000, warmup = 1000, seed = 2025,
    refresh = 0, silent = 2, recompile = FALSE
  ))
}
choice_seconds <- proc.time()[["elapsed"]] - began

reports <- read.csv(file.path(folder, "reports.csv"))
groups <- split(reports, reports$fit)
began <- proc.time()[["elapsed"]]
first <- NULL
for (group in groups) {
  if (is.null(first)) {
    first <- quietly(brm(
      learned ~ reported, data = group, chains = 4, iter = 2000, warmup = 1000, seed = 2025,
      refresh = 0, silent = 2
    ))
  } else {
    quietly(update(
      first, newdata = group, chains = 4, iter = 2000, warmup = 1000, seed = 2025,
      refresh = 0, silent = 2, recompile = FALSE
    ))
  }
}
report_seconds <- proc.time()[["elapsed"]] - began
cat(sprintf(
  '{"choices": %.1f, "reports": %.1f, "brms": "%s", "rstan": "%s"}\n',
  choice_seconds, report_seconds, packageVersion("brms"), packageVersion("rstan")
))
