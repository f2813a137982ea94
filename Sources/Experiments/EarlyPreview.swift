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
  public let secondsPerStep: Double
  public let secondsInAll: Double
  /// The most memory that the process has held, in bytes.
  public let peakMemory: Int

  /// How many steps it is drawn from; the first one is slower than the others and does not count for time.
  public static let steps = 5

  public var warnings: [String] {
    layers.filter { $0.state != .alive }.map {
      let rate = String(format: "%.2f", $0.rate * 100)
      return $0.state == .dead
        ? "\($0.name) is dead (\(rate) % spikes): lower --threshold, or look at the initial weights"
        : "\($0.name) is saturated (\(rate) % spikes): raise --threshold, or look at the inputs"
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
  private let clock = ContinuousClock()
  private var steps: [StepReport] = []
  private var start: ContinuousClock.Instant?

  /// - Returns: the preview after the step that completes it; nil before and after.
  mutating func add(_ progress: TrainingProgress, names: [String]) -> EarlyPreview? {
    steps.append(progress.last)
    guard steps.count < EarlyPreview.steps else {
      return steps.count == EarlyPreview.steps ? preview(progress, names) : nil
    }
    start = start ?? clock.now
    return nil
  }

  private func preview(_ progress: TrainingProgress, _ names: [String]) -> EarlyPreview {
    let seconds = (clock.now - start!) / .seconds(1) / Double(EarlyPreview.steps - 1)
    let rates = steps.map(\.layerRates)
    let layers = names.indices.map { index in
      EarlyPreview.Layer(
        name: names[index],
        rate: rates.reduce(0) { $0 + $1[index] } / Double(rates.count))
    }
    return EarlyPreview(
      layers: layers, secondsPerStep: seconds,
      secondsInAll: seconds * Double(progress.stepsInAll - progress.stepsDone),
      peakMemory: EarlyPreview.peakMemory)
  }
}
