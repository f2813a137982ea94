import Datasets
import Training

/// The images of one run.
public struct RunDatasets: Sendable {
  public var training: ImageDataset
  /// Held out of the training images: what the best epoch is chosen by.
  public var validation: ImageDataset?
  /// What the run is judged by; nothing is chosen by it.
  public var test: ImageDataset?

  public init(
    training: ImageDataset, validation: ImageDataset? = nil, test: ImageDataset? = nil
  ) {
    self.training = training
    self.validation = validation
    self.test = test
  }
}

/// What happens in a run, for whoever shows it.
public enum TrainingEvent: Sendable {
  case resumed(Resumption)
  /// There was no checkpoint to go on from: the run begins.
  case nothingToResume(folder: String)
  case progress(TrainingProgress)
  /// After the first batches.
  case preview(EarlyPreview)
  case collapse(CollapseReport)
  /// λ_max, and what measuring it has added so far to the time of the training steps; nil before the first.
  case curvature(CurvatureReading, shareOfTraining: Double?)
  case evaluated(Evaluation)
  case saved(checkpoint: String, stepsDone: Int)
}

/// How a run was taken up again.
public struct Resumption: Sendable, Codable, Equatable {
  public let checkpoint: String
  public let stepsDone: Int
  /// Why the last checkpoint could not be used; nil where it was.
  public let damage: String?
  /// The run before did not say goodbye: it was killed, crashed or lost its machine.
  public let endedAbruptly: Bool
  /// What else a reader should know, a sentence each.
  public var notes: [String] = []
}

/// A run that broke down, and what is left of it.
public struct RunFailure: Error, CustomStringConvertible {
  public let reason: any Error
  /// What the run can go on from; nil before the first checkpoint.
  public let lastGood: String?

  init(reason: any Error, folder: RunFolder?) {
    self.reason = reason
    lastGood = folder?.checkpoints.lastGood
  }

  public var description: String {
    // A checkpoint's own error names the one before it.
    if reason is CheckpointError { return "\(reason)" }
    return "\(reason). "
      + (lastGood.map { "The last good checkpoint is \($0)" } ?? "There is no checkpoint yet")
  }
}

/// Clean accuracy after an epoch.
public struct Evaluation: Codable, Sendable, Equatable {
  public enum Part: String, Codable, Sendable { case validation, test }

  /// Epochs done.
  public let epoch: Int
  public let part: Part
  public let score: Score
}

/// The epoch whose weights are kept as the best.
public struct BestEpoch: Codable, Sendable, Equatable {
  /// Test images are no criterion: choosing by them would make the test score mean less.
  public enum Criterion: String, Codable, Sendable {
    case validationAccuracy
    /// Where no validation images are held out.
    case trainingLoss
  }

  public let epoch: Int
  public let criterion: Criterion
  public let value: Double

  /// The first of equals stays.
  func isBeaten(by value: Double) -> Bool {
    criterion == .trainingLoss ? value < self.value : value > self.value
  }
}
