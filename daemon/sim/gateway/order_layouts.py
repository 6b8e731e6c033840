"""The three messages about orders, field by field in wire order, for server versions 157 to 178."""

from __future__ import annotations

from typing import Final

from daemon.sim.gateway.codec import UNSET_DOUBLE, UNSET_INT, UNSET_LONG, is_infinite
from daemon.sim.gateway.layout import (
    Conditions,
    Layout,
    Plain,
    Rows,
    When,
    equals,
    is_positive,
    is_true,
    not_empty,
    plain,
)

CONTRACT12: Final = plain(
    "conId=0 symbol secType lastTradeDateOrContractMonth strike=0 right multiplier exchange primaryExchange "
    "currency localSymbol tradingClass"
)
CONTRACT11: Final = plain(
    "conId=0 symbol secType lastTradeDateOrContractMonth strike=0 right multiplier exchange currency localSymbol "
    "tradingClass"
)

PEG_BENCH: Final = When(
    "orderType",
    equals("PEG BENCH", "PEGBENCH"),
    plain(
        "referenceContractId=0 isPeggedChangeAmountDecrease=0 peggedChangeAmount=0 referenceChangeAmount=0 "
        "referenceExchangeId"
    ),
)
LEGS: Final = (Rows("comboLegs", 8), Rows("orderComboLegs", 1), Rows("smartComboRoutingParams", 2))
SCALE: Final[Layout] = (
    *plain("scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement"),
    When(
        "scalePriceIncrement",
        is_positive,
        plain(
            "scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset=0 scaleInitPosition "
            "scaleInitFillQty scaleRandomPercent=0"
        ),
    ),
)
HEDGE: Final[Layout] = (*plain("hedgeType"), When("hedgeType", not_empty, plain("hedgeParam")))
DELTA_NEUTRAL: Final[Layout] = (
    *plain("deltaNeutralContract=0"),
    When(
        "deltaNeutralContract",
        is_true,
        plain("deltaNeutralContractConId deltaNeutralContractDelta deltaNeutralContractPrice"),
    ),
)
ALGO: Final[Layout] = (*plain("algoStrategy"), When("algoStrategy", not_empty, (Rows("algoParams", 2),)))
CONDITIONS: Final[Layout] = (
    Conditions(),
    When("conditions", is_positive, plain("conditionsIgnoreRth=0 conditionsCancelOrder=0")),
)

# openOrder and completedOrder end alike; a gateway sends unset values in these five.
TRAILER: Final = plain(
    f"minTradeQty={UNSET_INT}@170 minCompeteSize={UNSET_INT}@170 competeAgainstBestOffset={UNSET_DOUBLE}@170 "
    f"midOffsetAtWhole={UNSET_DOUBLE}@170 midOffsetAtHalf={UNSET_DOUBLE}@170"
)

PLACE_ORDER: Final[Layout] = (
    *plain("orderId"),
    *CONTRACT12,
    *plain(
        "secIdType secId action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin=0 "
        "orderRef transmit=1 parentId=0 blockOrder=0 sweepToFill=0 displaySize=0 triggerMethod=0 outsideRth=0 hidden=0"
    ),
    When("secType", equals("BAG"), LEGS),
    *plain(
        "sharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage faProfile@-176 "
        "modelCode shortSaleSlot=0 designatedLocation exemptCode=-1 ocaType=0 rule80A settlingFirm allOrNone=0 minQty "
        "percentOffset eTradeOnly=0 firmQuoteOnly=0 nbboPriceCap auctionStrategy startingPrice stockRefPrice delta "
        "stockRangeLower stockRangeUpper overridePercentageConstraints=0 volatility volatilityType "
        "deltaNeutralOrderType deltaNeutralAuxPrice"
    ),
    When(
        "deltaNeutralOrderType",
        not_empty,
        plain(
            "deltaNeutralConId=0 deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent "
            "deltaNeutralOpenClose deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation"
        ),
    ),
    *plain("continuousUpdate=0 referencePriceType trailStopPrice trailingPercent"),
    *SCALE,
    *plain("scaleTable activeStartTime activeStopTime"),
    *HEDGE,
    *plain("optOutSmartRouting=0 clearingAccount clearingIntent notHeld=0"),
    *DELTA_NEUTRAL,
    *ALGO,
    *plain("algoId whatIf=0 orderMiscOptions solicited=0 randomizeSize=0 randomizePrice=0"),
    PEG_BENCH,
    *CONDITIONS,
    *plain(
        "adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice "
        "adjustedTrailingAmount adjustableTrailingUnit=0 extOperator softDollarTierName softDollarTierValue cashQty "
        "mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo "
        "dontUseAutoPriceForHedge=0 isOmsContainer=0 discretionaryUpToLimitPrice=0 usePriceMgmtAlgo "
        "duration@158 postToAts@160 autoCancelParent=0@162 advancedErrorOverride@166 manualOrderTime@169"
    ),
    When("exchange", equals("IBKRATS"), plain("minTradeQty"), since=170),
    When(
        "orderType",
        equals("PEG BEST", "PEGBEST"),
        (
            *plain("minCompeteSize competeAgainstBestOffset"),
            When("competeAgainstBestOffset", is_infinite, plain("midOffsetAtWhole midOffsetAtHalf")),
        ),
        since=170,
    ),
    When("orderType", equals("PEG MID", "PEGMID"), plain("midOffsetAtWhole midOffsetAtHalf"), since=170),
)

OPEN_ORDER: Final[Layout] = (
    *plain("orderId"),
    *CONTRACT11,
    *plain(
        "action totalQuantity orderType lmtPrice=0.0 auxPrice=0.0 tif ocaGroup account openClose origin=0 orderRef "
        "clientId=0 permId outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime sharesAllocation faGroup faMethod "
        "faPercentage faProfile@-176 modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot=0 "
        f"designatedLocation exemptCode=-1 auctionStrategy=0 startingPrice stockRefPrice delta stockRangeLower "
        f"stockRangeUpper displaySize={UNSET_INT} blockOrder=0 sweepToFill=0 allOrNone=0 minQty={UNSET_INT} ocaType=3 "
        "eTradeOnly=0 firmQuoteOnly=0 nbboPriceCap parentId=0 triggerMethod=0 volatility volatilityType=0 "
        "deltaNeutralOrderType=None deltaNeutralAuxPrice"
    ),
    When(
        "deltaNeutralOrderType",
        not_empty,
        plain(
            "deltaNeutralConId=0 deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent "
            "deltaNeutralOpenClose=? deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation"
        ),
    ),
    *plain(
        "continuousUpdate=0 referencePriceType=0 trailStopPrice trailingPercent basisPoints basisPointsType "
        "comboLegsDescrip"
    ),
    *LEGS,
    *SCALE,
    *HEDGE,
    *plain("optOutSmartRouting=0 clearingAccount clearingIntent=IB notHeld=0"),
    *DELTA_NEUTRAL,
    *ALGO,
    *plain("solicited=0 whatIf=0 status"),
    *plain(
        " ".join(
            f"{name}={UNSET_DOUBLE}"
            for name in (
                "initMarginBefore",
                "maintMarginBefore",
                "equityWithLoanBefore",
                "initMarginChange",
                "maintMarginChange",
                "equityWithLoanChange",
                "initMarginAfter",
                "maintMarginAfter",
                "equityWithLoanAfter",
                "commission",
            )
        )
    ),
    *plain("minCommission maxCommission commissionCurrency warningText randomizeSize=0 randomizePrice=0"),
    PEG_BENCH,
    *CONDITIONS,
    *plain(
        f"adjustedOrderType=None triggerPrice={UNSET_DOUBLE} adjustedTrailStopPrice={UNSET_DOUBLE} "
        f"lmtPriceOffset={UNSET_DOUBLE} adjustedStopPrice={UNSET_DOUBLE} adjustedStopLimitPrice={UNSET_DOUBLE} "
        f"adjustedTrailingAmount={UNSET_DOUBLE} adjustableTrailingUnit=0 softDollarTierName softDollarTierValue "
        "softDollarTierDisplayName cashQty=0 dontUseAutoPriceForHedge=1 isOmsContainer=0 "
        "discretionaryUpToLimitPrice=0 usePriceMgmtAlgo=0 duration@158 postToAts@160 autoCancelParent=0@162"
    ),
    *TRAILER,
)

COMPLETED_ORDER: Final[Layout] = (
    *CONTRACT11,
    *plain(
        "action totalQuantity orderType lmtPrice=0.0 auxPrice=0.0 tif ocaGroup account openClose origin=0 orderRef "
        "permId outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime faGroup faMethod faPercentage faProfile@-176 "
        "modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot=0 designatedLocation exemptCode=-1 "
        "startingPrice stockRefPrice delta stockRangeLower stockRangeUpper "
        f"displaySize={UNSET_INT} sweepToFill=0 allOrNone=0 minQty={UNSET_INT} ocaType=3 triggerMethod=0 volatility "
        "volatilityType=0 deltaNeutralOrderType=None deltaNeutralAuxPrice"
    ),
    When(
        "deltaNeutralOrderType",
        not_empty,
        plain("deltaNeutralConId=0 deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation"),
    ),
    *plain("continuousUpdate=0 referencePriceType=0 trailStopPrice trailingPercent comboLegsDescrip"),
    *LEGS,
    *SCALE,
    *HEDGE,
    *plain("clearingAccount clearingIntent=IB notHeld=0"),
    *DELTA_NEUTRAL,
    *ALGO,
    *plain("solicited=0 status randomizeSize=0 randomizePrice=0"),
    PEG_BENCH,
    *CONDITIONS,
    *plain(
        f"adjustedTrailStopPrice={UNSET_DOUBLE} lmtPriceOffset={UNSET_DOUBLE} cashQty=0 dontUseAutoPriceForHedge=1 "
        f"isOmsContainer=0 autoCancelDate filledQuantity=0 refFuturesConId={UNSET_INT} autoCancelParent=0"
    ),
    Plain("shareholder", "Not an insider or substantial shareholder"),
    *plain("imbalanceOnly=0 routeMarketableToBbo=0"),
    *plain(f"parentPermId={UNSET_LONG} completedTime completedStatus"),
    *TRAILER,
)
