import Foundation
import Spiking
import Training

/// What the first batches tell: whether every layer spikes, and what time and memory the run will take.
public struct EarlyPreview: Codable, Sendable, Equatable {
  public struct Layer: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable { case dead, alive, saturated }

    public let name: String
    /// Spikes for each neuron and time step.
    public let rate: Double

    /// Below one spike in 1000 a layer passes next to nothing on; above 0.95 it says the same whatever it sees.
    public var state: State { rate < 0.001 ? .dead : rate > 0.95 ? .saturated : .alive }
  }

  public let layers: [Layer]
  /// False of a rectified twin, whose rates are shares of active units.
  public let isSpiking: Bool
  public let secondsPerStep: Double
  /// Of the training steps that are left; evaluations come on top.
  public let secondsInAll: Double
  /// The most memory that the process has held, in bytes.
  public let peakMemory: Int

  /// How many steps it is drawn from; the first one is slower than the others and does not count for time.
  public static let steps = 5

  public var warnings: [String] {
    layers.filter { $0.state != .alive }.map {
      let rate = String(format: "%.2f", $0.rate * 100)
      let (what, lower, raise) =
        isSpiking
        ? ("spikes", "lower --threshold, or ", "raise --threshold, or ") : ("active", "", "")
      return $0.state == .dead
        ? "\($0.name) is dead (\(rate) % \(what)): \(lower)look at the initial weights"
        : "\($0.name) is saturated (\(rate) % \(what)): \(raise)look at the inputs"
    }
  }

  /// The most memory that this process has held, in bytes.
  static var peakMemory: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

/// Collects the first steps of a session into a preview.
struct PreviewRecorder {
  let isSpiking: Bool
  private var rates: [[Double]] = []
  private var seconds: [Double] = []
  private var last: (epoch: Int, seconds: Double)?
  private var isDone = false

  init(isSpiking: Bool) { self.isSpiking = isSpiking }

  /// - Returns: the preview after the step that completes it, or after a short run's last; nil elsewhere.
  mutating func add(_ progress: TrainingProgress, names: [String]) -> EarlyPreview? {
    guard !isDone else { return nil }
    rates.append(progress.last.layerRates)
    // The epoch's clock stands still in evaluations and checkpoints.
    let now = progress.soFar.seconds
    let isSameEpoch = last?.epoch == progress.epoch
    seconds.append(isSameEpoch ? now - last!.seconds : seconds.isEmpty ? .infinity : now)
    last = (progress.epoch, now)
    guard rates.count == EarlyPreview.steps || progress.stepsDone == progress.stepsInAll else {
      return nil
    }
    isDone = true
    return preview(progress, names)
  }

  private func preview(_ progress: TrainingProgress, _ names: [String]) -> EarlyPreview {
    // The first step is slower than the others, and a resumed epoch's clock does not begin at 0.
    let timed = seconds.count > 1 ? Array(seconds.dropFirst()) : [progress.soFar.seconds]
    let perStep = timed.reduce(0, +) / Double(timed.count)
    let layers = names.indices.map { index in
      EarlyPreview.Layer(
        name: names[index],
        rate: rates.reduce(0) { $0 + $1[index] } / Double(rates.count))
    }
    return EarlyPreview(
      layers: layers, isSpiking: isSpiking, secondsPerStep: perStep,
      secondsInAll: perStep * Double(progress.stepsInAll - progress.stepsDone),
      peakMemory: EarlyPreview.peakMemory)
  }
}
