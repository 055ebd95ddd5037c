"""Ask models, and keep every word: the only room that imports openai, and only when it asks."""

from introspect_bayes.collect.collecting import collect_replies
from introspect_bayes.collect.collection import Collection, CollectionStoppedError
from introspect_bayes.collect.estimate import Prices
from introspect_bayes.collect.planning import plan_collection
from introspect_bayes.collect.settings import RunSettings

__all__ = [
    "Collection",
    "CollectionStoppedError",
    "Prices",
    "RunSettings",
    "collect_replies",
    "plan_collection",
]
