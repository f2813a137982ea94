/// Watches a training run and says when it falls off a cliff, where, and what stood around it.
///
/// **The rule.** A batch has *fallen* if, beside the last `window` native batches before the `recent` ones, with
/// median accuracy a, median loss ℓ, robust deviations s = 1.4826 · MAD, K classes and B images in the batch,
///
///     accuracy ≤ a − max(4 max(sₐ, √(p (1 − p) / B)), (a − 1/K) / 2)    p = (aB + 1) / (B + 2)
///     or  loss ≥ ℓ + max(4 sₗ, ½ ln K)
///
/// so it is far outside what batches did so far, and it lost at least half of what the network knew: half of
/// its accuracy above chance, or half of the loss of knowing nothing. There is a collapse where at least 4 of
/// the last 5 native batches have fallen; it begins with the first of these. A foreign batch never counts, since
/// its own loss is high by nature. A loss that is no number is a collapse at once.
///
/// **False alarms.** Median and MAD of 30 batches are off by some 20 %, and losses have tails, so take an honest
/// batch to exceed four deviations with q = 10⁻²; it then still has to lose half of everything. Four of five
/// independent batches do so with 5q⁴ = 5·10⁻⁸: one false alarm in 2·10⁷ steps. What batches have in common is no
/// chance, and that half of all knowledge is gone for four batches is worth a report whatever did it.
///
/// **What it cannot see.** Batches of fewer than four images, where one hard image is a fallen batch. The first
/// 15 native batches, which only make the baseline. A decline over tens of batches, with which the baseline goes
/// along. A network that knew nothing yet. Damage that only evaluation mode feels: running statistics that were
/// spoiled show in ``BatchNormDrift`` alone.
///
/// A value: saved and read back it goes on as if never stopped.
public struct CollapseMonitor: Codable, Sendable, Equatable {
  /// Native batches that make the baseline, at most and at least.
  static let window = 30, smallestWindow = 15
  /// Native batches that are judged together, and how many of them must have fallen.
  static let recent = 5, needed = 4
  static let deviations = 4.0
  /// Steps kept from before a collapse, and native batches that it is followed for.
  static let before = 10, following = 20
  /// A run that collapses again and again must not fill its checkpoints.
  static let collapsesKept = 10

  /// Leading shares are measured at every n-th step, where no deflation gives them for free.
  public let shareInterval: Int
  /// What happened so far, the first ten; the last one grows while it is followed.
  public private(set) var collapses: [CollapseReport] = []
  /// How many came after those ten.
  public private(set) var collapsesNotKept = 0

  private var baseline = CollapseBaseline()
  /// The last native batches, which the baseline does not contain yet.
  private var recent: [StepObservation] = []
  /// All last steps, foreign ones too.
  private var trail: [StepObservation] = []
  private var followed: Followed?

  private struct Followed: Codable, Equatable {
    var report: CollapseReport
    var nativeBatchesLeft: Int
    /// Place in `collapses`, if it is one of those kept.
    let place: Int?
  }

  /// - Precondition: the interval is at least 1.
  public init(shareInterval: Int = 50) {
    precondition(shareInterval >= 1, "CollapseMonitor: an interval of \(shareInterval) steps")
    self.shareInterval = shareInterval
  }

  /// Whether leading shares are worth their price at this step: on schedule, at foreign batches, and from the
  /// first fallen batch to the end of a collapse.
  public func wantsLeadingShares(at step: Int, isForeign: Bool) -> Bool {
    isForeign || followed != nil || step.isMultiple(of: shareInterval)
      || recent.last.map { !signs(of: $0).isEmpty } ?? false
  }

  /// - Returns: a report at the step where a collapse is noticed, 3 native batches after it began or a little
  ///   later; nil elsewhere. What follows is added to the last of ``collapses``.
  public mutating func observe(_ step: StepObservation) -> CollapseReport? {
    trail.append(step)
    if trail.count > Self.before + 4 * Self.recent { trail.removeFirst() }
    if step.loss == nil { return notice([.lossNotFinite], from: step, at: step) }
    guard !step.isForeign else {
      follow(step)
      return nil
    }
    recent.append(step)
    if followed != nil {
      // The baseline from before the collapse says what recovery would be.
      if recent.count > Self.recent { recent.removeFirst() }
      follow(step)
      return nil
    }
    if recent.count > Self.recent { baseline.add(recent.removeFirst(), atMost: Self.window) }
    let fallen = recent.filter { !signs(of: $0).isEmpty }
    guard fallen.count >= Self.needed else { return nil }
    let all = fallen.map { signs(of: $0) }
    let common = CollapseReport.Sign.allCases.filter { sign in
      all.count { $0.contains(sign) } * 2 >= all.count
    }
    return notice(common, from: fallen[0], at: step)
  }

  private func signs(of step: StepObservation) -> [CollapseReport.Sign] {
    guard baseline.count >= Self.smallestWindow else { return [] }
    return baseline.signs(of: step, deviations: Self.deviations)
  }

  private mutating func notice(
    _ signs: [CollapseReport.Sign], from onset: StepObservation, at step: StepObservation
  ) -> CollapseReport {
    let start = trail.firstIndex { $0.step >= onset.step } ?? trail.count - 1
    let report = CollapseReport(
      signs: signs, onset: onset.step, noticed: step.step,
      baselineLoss: baseline.count > 0 ? baseline.loss.median : nil,
      baselineAccuracy: baseline.count > 0 ? baseline.accuracy.median : nil,
      steps: Array(trail[max(0, start - Self.before)...]))
    let keeps = collapses.count < Self.collapsesKept
    if keeps { collapses.append(report) } else { collapsesNotKept += 1 }
    followed = Followed(
      report: report, nativeBatchesLeft: Self.following,
      place: keeps ? collapses.count - 1 : nil)
    return report
  }

  private mutating func follow(_ step: StepObservation) {
    guard var now = followed else { return }
    now.report.steps.append(step)
    if !step.isForeign {
      now.nativeBatchesLeft -= 1
      let standing = recent.filter { signs(of: $0).isEmpty }
      if now.report.recovered == nil, baseline.count >= Self.smallestWindow,
        standing.count >= Self.needed
      {
        now.report.recovered = standing[0].step
      }
    }
    if let place = now.place { collapses[place] = now.report }
    followed = now
    guard now.nativeBatchesLeft == 0 else { return }
    followed = nil
    guard now.report.recovered == nil else { return }
    // What the network is now is what it can fall from next.
    baseline = CollapseBaseline()
    recent = []
  }
}
