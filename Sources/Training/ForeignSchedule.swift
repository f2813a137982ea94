import Torch

/// Which batches of a run are foreign: shown another way than the rest.
///
/// Foreign batches take the place of as many of the epoch's own, so that runs of every setting have the same
/// steps, images and learning rates, and differ by what is shown alone.
///
/// **How the paper is read** (arXiv 2505.11134v1, section 3.1 and table 3, "poisoning intensity" 1, 2, 5).
/// c/+p_k: the data are clean, and from epoch k on batches of adversarial images come in; p/+c_k the other way
/// round. Said is "introducing just one batch of perturbed data into a clean dataset". That the intensity is a
/// number of batches is near certain (it cannot be a strength where the foreign batch is clean). That it is
/// a number *for each epoch, in every epoch from k on* is a reading: ``Cadence/once`` is the other one. Where
/// in the epoch is not said, nor whether a foreign batch replaces one or is an extra one; the release has no
/// code for it. The default place is random, as of one batch in a shuffled data set. ``Place/end`` is the
/// hardest: nothing follows that could repair weights and running statistics before the epoch is evaluated.
public struct ForeignSchedule: Codable, Sendable, Equatable {
  public enum Place: String, Codable, Sendable, CaseIterable {
    /// The first batches of the epoch.
    case start
    /// The last batches of the epoch.
    case end
    /// The middle batch of each of as many equal parts of the epoch.
    case spread
    /// Anywhere, anew in each epoch.
    case random
  }

  public enum Cadence: String, Codable, Sendable, CaseIterable {
    /// In one epoch only.
    case once
    /// In that epoch and in every one after it.
    case everyEpoch = "every-epoch"
  }

  /// b, foreign batches in such an epoch; an epoch with fewer batches is foreign all through.
  public var batches = 1
  public var place = Place.random
  public var cadence = Cadence.everyEpoch
  /// k, the first epoch that has any, from 0.
  public var fromEpoch = 0

  public init() {}

  public init(
    batches: Int, place: Place = .random, cadence: Cadence = .everyEpoch, fromEpoch: Int = 0
  ) {
    self.batches = batches
    self.place = place
    self.cadence = cadence
    self.fromEpoch = fromEpoch
  }

  /// The places of an epoch's foreign batches, ascending; the same for the same arguments.
  ///
  /// - Parameter seed: the run's; it decides random places.
  /// - Precondition: no number is negative, and the epoch has a batch.
  public func foreignBatches(inEpoch epoch: Int, batchesPerEpoch: Int, seed: UInt64) -> [Int] {
    precondition(
      epoch >= 0 && batchesPerEpoch >= 1 && batches >= 0,
      "ForeignSchedule: epoch \(epoch), \(batches) of \(batchesPerEpoch) batches")
    let hasAny = cadence == .once ? epoch == fromEpoch : epoch >= fromEpoch
    guard hasAny else { return [] }
    let count = min(batches, batchesPerEpoch)
    switch place {
    case .start: return Array(0..<count)
    case .end: return Array(batchesPerEpoch - count..<batchesPerEpoch)
    case .spread: return (0..<count).map { (2 * $0 + 1) * batchesPerEpoch / (2 * count) }
    case .random:
      let generator = StepRandomness(seed: seed, step: epoch).generator(.placement)
      return Tensor.permutation(batchesPerEpoch, using: generator).scalars(of: Int.self)
        .prefix(count).sorted()
    }
  }
}

extension ForeignSchedule: CustomStringConvertible {
  /// As `1 batch at a random place of every epoch from epoch 0 on`.
  public var description: String {
    let position =
      switch place {
      case .start: "at the start"
      case .end: "at the end"
      case .spread: "spread evenly"
      case .random: batches == 1 ? "at a random place" : "at random places"
      }
    let when =
      cadence == .once ? "of epoch \(fromEpoch) only" : "of every epoch from epoch \(fromEpoch) on"
    return "\(batches) \(batches == 1 ? "batch" : "batches") \(position) \(when)"
  }
}
