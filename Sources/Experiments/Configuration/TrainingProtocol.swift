import Models
import Spiking
import Training

/// A bundle of settings: everything that the authors' release does unlike the paper, or none of it.
public enum TrainingProtocol: String, Codable, Sendable, CaseIterable {
  case standard
  /// The membrane cut from the graph, attacks that see one time step, on leaked state and normalised pixels,
  /// batch norm of each step, the 7 × 7 head, the all-ones term. **Not a valid evaluation.**
  case asReleased = "as-released"
}

extension RunConfiguration {
  /// Sets every setting of the bundle; those that are named after it in a file or by a flag win.
  mutating func adopt(_ adopted: TrainingProtocol) {
    trainingProtocol = adopted
    let isReleased = adopted == .asReleased
    let defaults = RunConfiguration()
    network.neuron.temporalGradient =
      isReleased ? .withinStep : defaults.network.neuron.temporalGradient
    network.head = .released
    training.batchStatistics = isReleased ? .eachStep : defaults.training.batchStatistics
    training.meanSquareWeight = isReleased ? 0.05 : defaults.training.meanSquareWeight
    training.exposure.released = isReleased ? .all : []
  }
}

extension TrainingRecipe {
  public var attacksOneStep: Bool {
    get { has(.oneStepAttack) }
    set { set(.oneStepAttack, newValue) }
  }
  public var leaksState: Bool {
    get { has(.leakedState) }
    set { set(.leakedState, newValue) }
  }
  public var clampsNormalized: Bool {
    get { has(.normalizedClamp) }
    set { set(.normalizedClamp, newValue) }
  }

  private func has(_ part: ReleasedProtocol) -> Bool { exposure.released.contains(part) }

  private mutating func set(_ part: ReleasedProtocol, _ isOn: Bool) {
    if isOn { exposure.released.insert(part) } else { exposure.released.remove(part) }
  }
}

extension Setting {
  static let trainingProtocol = Setting(
    key: "protocol",
    expected: "one of " + TrainingProtocol.allCases.map(\.rawValue).joined(separator: ", "),
    text: { $0.trainingProtocol.rawValue },
    write: { configuration, text in
      guard let adopted = TrainingProtocol(rawValue: text) else { return false }
      configuration.adopt(adopted)
      return true
    })
}
