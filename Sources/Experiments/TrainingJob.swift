import Datasets
import Layers
import Spiking
import Torch
import Training

/// Trains a network by a recipe; with a folder, in a way that can be killed and taken up again at any moment.
public struct TrainingJob: Sendable {
  public let network: NetworkRecipe
  public let training: TrainingRecipe
  public let running: RunningRecipe
  public let datasets: RunDatasets
  /// What the folder's `config.yaml` gets.
  let configuration: RunConfiguration
  /// How many steps one point of the curve averages over; nil chooses by the run's length.
  let stepsPerPoint: Int?

  /// - Parameter network: fitted to the data (``NetworkRecipe/fitted(to:classes:)``).
  /// - Throws: ``UsageError`` for a value out of its range.
  public init(
    network: NetworkRecipe, training: TrainingRecipe, running: RunningRecipe = RunningRecipe(),
    datasets: RunDatasets, configuration: RunConfiguration? = nil, stepsPerPoint: Int? = nil
  ) throws {
    try training.check(imageSize: network.imageSize)
    try running.check()
    try training.checkUnrolling(of: network)
    let batches = (datasets.training.count + training.batchSize - 1) / training.batchSize
    _ = try training.exposure(
      network.normalization ?? .identity(channels: network.channels), batchesPerEpoch: batches)
    var training = training
    training.threads = training.threads ?? Engine.threads
    self.network = network
    self.training = training
    self.running = running
    self.datasets = datasets
    self.stepsPerPoint = stepsPerPoint
    var complete = configuration ?? RunConfiguration()
    complete.network = network
    complete.training = training
    complete.running = running
    self.configuration = complete
  }

  /// What becomes of an earlier run in the folder.
  public enum Start: Sendable {
    /// It is an error.
    case begin
    /// It is gone on from, if there is one.
    case resume
    /// It is removed.
    case replace
  }

  public struct Outcome: Sendable {
    public let network: any SpikingNetwork
    public let optimizerState: NamedTensors
    public let manifest: RunManifest
    /// False where it was told to stop before its end.
    public let isFinished: Bool
    public var curve: [CurvePoint] { manifest.curve }
    /// How often the fast solver gave way to a full decomposition; nil without deflation.
    public var deflationFallbacks: Int? {
      let counts = curve.compactMap(\.deflationFallbacks)
      return counts.isEmpty ? nil : counts.reduce(0, +)
    }
    /// Of all epochs, those before the run was continued included.
    public var seconds: Double { manifest.history.reduce(0) { $0 + $1.seconds } }
    /// The last evaluation on the test images.
    public var test: Score? {
      manifest.session.evaluations.last { $0.part == .test }?.score
    }
  }

  /// - Parameters:
  ///   - folder: where checkpoints and logs go; nil for none.
  ///   - start: what becomes of an earlier run in the folder.
  ///   - shouldStop: asked after every step; a run that stops leaves a checkpoint.
  /// - Throws: ``UsageError`` when the checkpoint is of another recipe, `TrainingError` when training breaks
  ///   down, `CheckpointError` when it cannot be kept.
  public func run(
    in folder: RunFolder? = nil, _ start: Start = .begin, shouldStop: () -> Bool = { false },
    onEvent: (TrainingEvent) throws -> Void = { _ in }
  ) throws -> Outcome {
    let session = try TrainingSession(self, in: folder, start, onEvent: onEvent)
    return try session.run(shouldStop: shouldStop, onEvent: onEvent)
  }
}
