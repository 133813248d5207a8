"""Several workloads on one fleet: their loads add up hour by hour, so that whole replicas and servers are shared."""

from tco.portfolio.answer import MemberAnswer, PortfolioAnswer, Way, answer_portfolio
from tco.portfolio.portfolio_file import Portfolio, read_portfolio

__all__ = ["MemberAnswer", "Portfolio", "PortfolioAnswer", "Way", "answer_portfolio", "read_portfolio"]
