"""Makes performance.json: figures of two public libraries for fixed lists of returns.

    pip install empyrical-reloaded==0.7.1 quantstats==0.0.86
    python3 performance.py > performance.json
"""

import json
import math
import warnings

import empyrical
import numpy as np
import pandas as pd
import quantstats
from scipy import stats

warnings.filterwarnings("ignore")


def cases():
    random = np.random.default_rng(20240808)
    yield "daily", random.normal(0.0005, 0.01, 750), 252
    yield "hourly_fat_tails", 0.002 * random.standard_t(4, 2_000) + 0.0001, 8766
    yield "losing", random.normal(-0.002, 0.02, 300), 365
    yield "monthly", random.normal(0.01, 0.04, 48), 12
    yield "only_gains", np.abs(random.normal(0.001, 0.0005, 100)), 252


def number(value):
    value = float(value)
    return value if math.isfinite(value) else None


def figures(returns, per_year):
    series = pd.Series(returns, index=pd.date_range("2020-01-01", periods=len(returns)))
    return {
        "total_return": number(empyrical.cum_returns_final(series)),
        "annual_return": number(empyrical.annual_return(series, annualization=per_year)),
        "annual_volatility": number(empyrical.annual_volatility(series, annualization=per_year)),
        "sharpe": number(empyrical.sharpe_ratio(series, annualization=per_year)),
        "sortino": number(empyrical.sortino_ratio(series, annualization=per_year)),
        "calmar": number(empyrical.calmar_ratio(series, annualization=per_year)),
        "max_drawdown": number(-empyrical.max_drawdown(series)),
        "tail_ratio": number(empyrical.tail_ratio(series)),
        "value_at_risk": number(empyrical.value_at_risk(series)),
        "ulcer_index": number(quantstats.stats.ulcer_index(series)),
        "skewness": number(stats.skew(returns)),
        "kurtosis": number(stats.kurtosis(returns, fisher=False)),
    }


def evidence(returns):
    """Bailey and Lopez de Prado with scipy's normal distribution."""
    n = len(returns)
    sharpe = returns.mean() / returns.std(ddof=1)
    spread = 1 - stats.skew(returns) * sharpe + (stats.kurtosis(returns, fisher=False) - 1) / 4 * sharpe**2
    best = math.sqrt(1 / (n - 1)) * (
        (1 - np.euler_gamma) * stats.norm.ppf(1 - 1 / 20) + np.euler_gamma * stats.norm.ppf(1 - 1 / (20 * math.e))
    )
    probability = lambda benchmark: stats.norm.cdf((sharpe - benchmark) * math.sqrt(n - 1) / math.sqrt(spread))
    return {"probabilistic": number(probability(0.0)), "deflated_20_trials": number(probability(best))}


print(
    json.dumps(
        [
            {
                "name": name,
                "per_year": per_year,
                "returns": [float(one) for one in returns],
                "figures": figures(returns, per_year),
                "evidence": evidence(returns),
            }
            for name, returns, per_year in cases()
        ]
    )
)
