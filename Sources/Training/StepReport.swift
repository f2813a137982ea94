/// What one step did.
public struct StepReport: Codable, Sendable, Equatable {
  /// Of the images that were shown, before the update.
  public let loss: Double
  /// How many of them were classified correctly.
  public let correct: Int
  public let count: Int
  /// Spikes for each neuron and time step.
  public let spikeRate: Double
  /// The same for each layer of neurons.
  public let layerRates: [Double]
  /// Whether the batch was a foreign one (``ForeignSchedule``).
  public let isForeign: Bool
  /// A collapse that was noticed at this step; nil without a monitor, too.
  public let collapse: CollapseReport?
  /// Of this step's gradients, where they were measured.
  public var spectrum: GradientSpectrum?

  public init(
    loss: Double, correct: Int, count: Int, spikeRate: Double, layerRates: [Double] = [],
    isForeign: Bool = false, collapse: CollapseReport? = nil,
    spectrum: GradientSpectrum? = nil
  ) {
    self.loss = loss
    self.correct = correct
    self.count = count
    self.spikeRate = spikeRate
    self.layerRates = layerRates
    self.isForeign = isForeign
    self.collapse = collapse
    self.spectrum = spectrum
  }
}
