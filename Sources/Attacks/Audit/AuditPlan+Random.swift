extension AuditPlan {
  /// The same attacks without early ends: on a random classifier a lucky draw would end them, and leave images that
  /// no majority of draws calls fooled.
  ///
  /// ``unbounded`` keeps its early ends: examples are far from chance there, and what it leaves is attacked again.
  func runningToTheEnd() -> AuditPlan {
    var plan = self
    func whole(_ attack: any Attack) -> any Attack {
      switch attack {
      case let attack as APGD:
        APGD(
          attack.threat, loss: attack.loss, steps: attack.steps, restarts: attack.restarts,
          rho: attack.rho, momentum: attack.momentum)
      case let attack as TargetedAPGD:
        TargetedAPGD(
          attack.threat, steps: attack.steps, targets: attack.targets, restarts: attack.restarts)
      default: attack
      }
    }
    plan.oneStep = whole(oneStep)
    plan.iterative = whole(iterative)
    plan.fewerSteps = fewerSteps.map(whole)
    plan.otherLoss = otherLoss.map(whole)
    plan.targeted = targeted.map(whole)
    plan.acrossSurrogates = acrossSurrogates.map(whole)
    plan.transferred = transferred.map(whole)
    plan.unboundedAgain = unboundedAgain.map(whole)
    plan.sweep = sweep.map(whole)
    return plan
  }
}
