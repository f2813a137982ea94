import Datasets
import Foundation

/// Everything that a training run is told: what flags, a YAML file and defaults come to together.
///
/// Each value has one name, ``Setting/key``, that is the YAML key and, behind `--`, the flag.
public struct RunConfiguration: Codable, Sendable, Equatable {
  /// What was adopted as a whole, before single settings changed it.
  public internal(set) var trainingProtocol = TrainingProtocol.standard
  public var data = DataRecipe()
  public var network = NetworkRecipe()
  /// Nil stands for as many as the data have.
  public var classes: Int?
  /// Mean and deviation of the pixels, one number a channel; nil for those known of the data set.
  public var mean: [Double]?
  public var deviation: [Double]?
  public var training = TrainingRecipe()
  public var running = RunningRecipe()

  public init() {}
}

/// Which images a run sees.
public struct DataRecipe: Codable, Sendable, Equatable {
  /// As ``DatasetSource`` reads it: `fashion-mnist`, `cifar10:FOLDER`, `tensors:FILE`.
  public var source = "fashion-mnist"
  /// Where test images are from, as `source`; nil for the same data set's own. A tensors file has none of its own, and
  /// its training images are no test.
  public var testSource: String?
  /// Keep only the first training images; nil for all.
  public var limit: Int?
  /// Training images that are held out to choose the best epoch by.
  public var validation = 0

  public init() {}

  /// Where test images are from; nil where there are none.
  var testOrigin: String? { testSource ?? (file == nil ? source : nil) }

  /// The file that the images are in, where they are in one.
  public var file: String? { Self.file(of: source) }

  public static func file(of source: String) -> String? {
    guard case .tensors(let file)? = try? DatasetSource(source) else { return nil }
    return file.path
  }
}

/// How a run is carried out: nothing here changes a bit of what it computes.
public struct RunningRecipe: Codable, Sendable, Equatable {
  /// Steps between two checkpoints within an epoch; nil for checkpoints at the end of epochs only.
  public var checkpointEvery: Int? = 200
  /// Epochs between two evaluations on the test set; nil for one at the end only.
  public var evaluateEvery: Int? = 1
  /// Threads that prepare batches.
  public var workers = 1
  /// Watch for a collapse of the training.
  public var monitors = true
  /// Steps between two measurements of λ_max; nil for none.
  public var curvatureEvery: Int?
  /// Training images that λ_max is measured on: always the first.
  public var curvatureImages = 200
  /// Steps between two measurements of the gradients' singular values; nil for none.
  public var spectrumEvery: Int?

  public init() {}
}

extension RunningRecipe {
  /// Runs from before a measurement was offered have none.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    checkpointEvery = try values.decodeIfPresent(Int.self, forKey: .checkpointEvery)
    evaluateEvery = try values.decodeIfPresent(Int.self, forKey: .evaluateEvery)
    workers = try values.decode(Int.self, forKey: .workers)
    monitors = try values.decode(Bool.self, forKey: .monitors)
    curvatureEvery = try values.decodeIfPresent(Int.self, forKey: .curvatureEvery)
    curvatureImages =
      try values.decodeIfPresent(Int.self, forKey: .curvatureImages) ?? curvatureImages
    spectrumEvery = try values.decodeIfPresent(Int.self, forKey: .spectrumEvery)
  }
}
