import Attacks

/// What the network is shown in place of the training batches, over a whole run.
///
/// Clean, adversarial and heterogeneous training are one code path: a base presentation of every batch, and
/// another one of the foreign batches, if there are any.
public struct Exposure: Sendable {
  /// The foreign batches of a run.
  public struct Foreign: Sendable {
    public let presentation: Presentation
    public let schedule: ForeignSchedule
    /// The run's: with it a step's index says which batch of which epoch the step is.
    public let batchesPerEpoch: Int

    /// - Precondition: an epoch has at least one batch.
    public init(_ presentation: Presentation, _ schedule: ForeignSchedule, batchesPerEpoch: Int) {
      precondition(batchesPerEpoch >= 1, "Exposure: \(batchesPerEpoch) batches in an epoch")
      self.presentation = presentation
      self.schedule = schedule
      self.batchesPerEpoch = batchesPerEpoch
    }
  }

  public let base: Presentation
  public let foreign: Foreign?

  public init(_ base: Presentation, foreign: Foreign? = nil) {
    self.base = base
    self.foreign = foreign
  }

  /// Every batch as it is.
  public static let clean = Exposure(.clean)

  /// Every batch replaced by its adversarial version against the network as it is now.
  public static func adversarial(_ attack: any Attack) -> Exposure {
    Exposure(.adversarial(attack))
  }

  /// How the batch of a step is shown.
  ///
  /// - Parameters:
  ///   - step: how many steps came before, over all epochs.
  ///   - seed: the run's.
  public func presentation(at step: Int, seed: UInt64) -> (Presentation, isForeign: Bool) {
    guard let foreign else { return (base, false) }
    let (epoch, batch) = step.quotientAndRemainder(dividingBy: foreign.batchesPerEpoch)
    let places = foreign.schedule.foreignBatches(
      inEpoch: epoch, batchesPerEpoch: foreign.batchesPerEpoch, seed: seed)
    return places.contains(batch) ? (foreign.presentation, true) : (base, false)
  }
}

extension Exposure: CustomStringConvertible {
  /// As `clean; FGSM within L∞ 2/255: 1 batch at a random place of every epoch from epoch 0 on`.
  public var description: String {
    "\(base)" + (foreign.map { "; \($0.presentation): \($0.schedule)" } ?? "")
  }
}
