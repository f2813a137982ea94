public import Torch

/// Multiplies every gradient by the rate of this step: g ← η(step) · g.
public struct LearningRate: GradientTransform {
  public var name: String { "rate" }
  public let schedule: Schedule

  public init(_ schedule: Schedule) { self.schedule = schedule }
  public init(_ rate: Double) { schedule = .constant(rate) }

  public func apply(to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int) {
    let rate = schedule(step)
    gradients = gradients.map { $0 * rate }
  }

  public var description: String { "LearningRate(\(schedule))" }
}
