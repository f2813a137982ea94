/// What a ``CollapseMonitor`` is told of a training step.
public struct StepObservation: Codable, Sendable, Equatable {
  /// How many steps came before.
  public let step: Int
  /// nil where it is no number.
  public let loss: Double?
  /// Share of the images classified correctly, before the update.
  public let accuracy: Double
  public let images: Int
  public let classes: Int
  public let isForeign: Bool
  /// Of each weight gradient, where it was measured.
  public let leadingShares: [LeadingShare]
  /// Of each batch norm.
  public let drift: [BatchNormDrift]

  public init(
    step: Int, loss: Double, accuracy: Double, images: Int, classes: Int, isForeign: Bool = false,
    leadingShares: [LeadingShare] = [], drift: [BatchNormDrift] = []
  ) {
    self.step = step
    self.loss = loss.isFinite ? loss : nil
    self.accuracy = accuracy
    self.images = images
    self.classes = classes
    self.isForeign = isForeign
    self.leadingShares = leadingShares
    self.drift = drift
  }
}

/// The share σ₁²/‖G‖² of a gradient's energy that its leading singular term holds, in 0 ... 1.
public struct LeadingShare: Codable, Sendable, Equatable {
  /// The parameter's name.
  public let name: String
  public let share: Double

  public init(name: String, share: Double) {
    self.name = name
    self.share = share
  }
}
