import Foundation

/// A collapse: where it began, what stood around it, and whether the run came back.
public struct CollapseReport: Codable, Sendable, Equatable {
  /// What fell.
  public enum Sign: String, Codable, Sendable, CaseIterable {
    case accuracy, loss
    case lossNotFinite = "loss-not-finite"
  }

  public let signs: [Sign]
  /// The step of the first fallen batch.
  public let onset: Int
  /// The step at which it was certain.
  public let noticed: Int
  /// Medians from before the collapse; nil where the run had just begun.
  public let baselineLoss: Double?
  public let baselineAccuracy: Double?
  /// The steps around it in their order, foreign ones too: ten from before, and those that followed.
  public internal(set) var steps: [StepObservation]
  /// The step from which on batches were as before; nil while they are not.
  public internal(set) var recovered: Int?

  /// The last foreign batch before the onset, among the steps kept.
  public var foreignBefore: StepObservation? { steps.last { $0.isForeign && $0.step < onset } }
}

extension CollapseReport: CustomStringConvertible {
  /// A few lines for a person.
  public var description: String {
    let fallen = steps.filter { (onset...noticed).contains($0.step) && !$0.isForeign }
    var lines = [
      "collapse at step \(onset) (noticed at \(noticed)): "
        + signs.map { text($0, fallen) }.joined(separator: ", ")
    ]
    if let foreign = foreignBefore { lines.append("last foreign batch: step \(foreign.step)") }
    if let (step, share) = largest({ $0.leadingShares.max { $0.share < $1.share } }, \.share) {
      lines.append("largest leading share \(number(share.share)): \(share.name), step \(step)")
    }
    if let (step, drift) = largest(
      { $0.drift.max { ($0.mean ?? 0) < ($1.mean ?? 0) } }, { $0.mean ?? 0 })
    {
      lines.append(
        "largest batch-norm drift \(number(drift.mean ?? 0)) deviations: \(drift.layer), "
          + "step \(step)")
    }
    lines.append(
      recovered.map { "recovered at step \($0)" }
        ?? "not recovered by step \(steps.last?.step ?? noticed)")
    return lines.joined(separator: "\n  ")
  }

  private func text(_ sign: Sign, _ fallen: [StepObservation]) -> String {
    func mean(_ value: (StepObservation) -> Double?) -> Double? {
      let values = fallen.compactMap(value)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    return switch sign {
    case .accuracy: "accuracy \(number(baselineAccuracy)) → \(number(mean(\.accuracy)))"
    case .loss: "loss \(number(baselineLoss)) → \(number(mean(\.loss)))"
    case .lossNotFinite: "the loss is no number"
    }
  }

  private func largest<Value>(
    _ ofStep: (StepObservation) -> Value?, _ size: (Value) -> Double
  ) -> (Int, Value)? {
    steps.compactMap { step in ofStep(step).map { (step.step, $0) } }
      .max { size($0.1) < size($1.1) }
  }

  private func number(_ value: Double?) -> String {
    value.map { String(format: "%.3g", $0) } ?? "unknown"
  }
}
