/// Where a run stands between two steps: with weights and optimiser state, all that it needs to go on.
///
/// Random numbers need nothing saved: order, augmentation, attacks and codings draw from generators that
/// are made of the seed and the step.
public struct RunState: Codable, Sendable, Equatable {
  /// The epochs that are done.
  public internal(set) var history: [EpochReport]
  /// Batches of the current epoch that are done, fewer than it has.
  public internal(set) var batch = 0
  var totals = EpochTotals()

  public init(history: [EpochReport] = []) { self.history = history }

  /// The current epoch, from 0.
  public var epoch: Int { history.count }
}

/// Averages over an epoch as it was shown, foreign batches too, weighted by images.
public struct EpochReport: Sendable, Equatable, Codable {
  public let loss: Double
  /// Share of images classified correctly while training, before each update.
  public let accuracy: Double
  public let spikeRate: Double
  public let images: Int
  /// Time spent in the epoch's steps, that before an interruption included.
  public let seconds: Double
  public var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }
}

/// The sums that an epoch's averages are made of.
struct EpochTotals: Codable, Sendable, Equatable {
  private var loss = 0.0
  private var correct = 0
  private var spikeRate = 0.0
  private var images = 0
  var seconds = 0.0

  mutating func add(_ report: StepReport) {
    let weight = Double(report.count)
    loss += report.loss * weight
    spikeRate += report.spikeRate * weight
    correct += report.correct
    images += report.count
  }

  var report: EpochReport {
    let n = Double(max(images, 1))
    return EpochReport(
      loss: loss / n, accuracy: Double(correct) / n, spikeRate: spikeRate / n, images: images,
      seconds: seconds)
  }
}
