import Torch

extension WorstCaseEvaluation {
  /// What two calls must have in common for one to go on where the other was cut.
  struct Plan: Codable, Equatable, Sendable {
    let threat: ThreatModel
    let stages: [String]
    /// All stored settings of each attack: two of a name may have other budgets.
    let settings: [String]
    let seed: UInt64
    let batchSize: Int
    let draws: Int
    let scoringPasses: Int
  }

  var plan: Plan {
    Plan(
      threat: threat, stages: stages.map { "\($0.name): \($0.attack.name)" },
      settings: stages.map { String(describing: $0.attack) }, seed: seed, batchSize: batchSize,
      draws: draws, scoringPasses: scoringPasses)
  }

  /// All stages, before the first of them runs for hours.
  func checkSettings() throws(AttackError) {
    try threat.check()
    for (name, value) in [
      ("batch size", batchSize), ("draws", draws), ("scoring passes", scoringPasses),
    ] where value < 1 {
      throw .unusable(
        .setting(name), expected: "at least 1", found: "\(value)", remedy: "leave it at its default"
      )
    }
    for stage in stages {
      let attack = stage.attack
      try attack.checkSettings()
      guard attack.threat == threat else {
        throw .unusable(
          .setting("threat model of \(stage.name)"), expected: "\(threat)",
          found: "\(attack.threat)", remedy: "a worst case needs one threat model")
      }
    }
  }

  /// Refuses the state of another evaluation or of other images.
  func check(_ state: WorstCaseState, _ data: LabeledImages) throws(AttackError) {
    let record = state.record
    guard record.plan == plan, record.labels == data.labels.scalars(of: Int.self),
      state.adversarial.shape == data.images.shape, state.adversarial.dtype == data.images.dtype
    else {
      throw .unusable(
        .setting("state"), expected: "one of this evaluation: the same stages, settings and images",
        found: "that of another",
        remedy: "begin anew, or repeat the settings that it was begun with"
      )
    }
    let broken = threat.violations(of: state.adversarial, from: data.images)
    guard broken.isEmpty else {
      throw .unusable(
        .setting("state"), expected: "finite images in [0, 1] within \(threat) of the data set's",
        found: "of \(broken.images) images \(broken.nonFinite) not finite, "
          + "\(broken.outsidePixelRange) outside [0, 1], \(broken.outsideBall) outside the ball",
        remedy: "begin anew: it is damaged, or of another data set")
    }
  }
}
