"""Load of the past into quantiles of the load to come: forecasters, a rolling-origin backtest, calibration."""
