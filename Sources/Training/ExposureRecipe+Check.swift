/// A field of an ``ExposureRecipe`` with a value that makes no sense.
public struct ExposureRecipeError: Error, Equatable, CustomStringConvertible {
  /// The property, as `attack.epsilon`.
  public let field: String
  public let expected: String
  public let found: String

  public var description: String { "\(field): expected \(expected), found \(found)" }
}

extension ExposureRecipe {
  /// What can be said without knowing the run.
  public func check() throws(ExposureRecipeError) {
    try require((0...1).contains(attack.epsilon), "attack.epsilon", "0 to 1", attack.epsilon)
    try require(
      attack.stepSize > 0 && attack.stepSize <= 1, "attack.stepSize", "above 0, at most 1",
      attack.stepSize)
    try require((1...10_000).contains(attack.steps), "attack.steps", "1 to 10000", attack.steps)
    try require(
      noiseDeviation > 0 && noiseDeviation <= 10, "noiseDeviation", "above 0, at most 10",
      noiseDeviation)
    try require(schedule.fromEpoch >= 0, "schedule.fromEpoch", "0 or more", schedule.fromEpoch)
    try require(schedule.batches >= 1, "schedule.batches", "at least 1", schedule.batches)
    try require(
      foreign != base, "foreign", "another presentation than the base, or none", base.rawValue)
    try require(
      released.isEmpty || base == .adversarial || foreign == .adversarial, "released",
      "nothing where nothing is adversarial", released)
  }

  /// The same, with what the run says: nothing that was asked for may silently never happen.
  func check(epochs: Int, batchesPerEpoch: Int) throws(ExposureRecipeError) {
    try check()
    guard foreign != nil else { return }
    try require(
      schedule.fromEpoch < epochs, "schedule.fromEpoch", "below the run's \(epochs) epochs",
      schedule.fromEpoch)
    try require(
      schedule.batches <= batchesPerEpoch, "schedule.batches",
      "at most the epoch's \(batchesPerEpoch) batches", schedule.batches)
  }

  private func require(
    _ holds: Bool, _ field: String, _ expected: String, _ found: Any
  ) throws(ExposureRecipeError) {
    if !holds { throw ExposureRecipeError(field: field, expected: expected, found: "\(found)") }
  }
}
