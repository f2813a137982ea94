/// Measures a setting: our side by turns with each peer, every side that is measured in a process of its own with a limit
/// on its memory.
struct GrowthMeter {
  /// In bytes: two processes live at once, and the rest of the machine wants some too.
  let memoryLimit: Int
  /// Where each peer's fastest variant was looked for.
  private(set) var searched: [String] = []
  /// Peers that could not be measured at all, and why.
  private(set) var excluded: [String] = []
  private let options: Options
  private let rounds: Int
  private var rivals: [GrowthRun: [(peer: Peer, variant: Variant)]] = [:]
  private var measured: [String: GrowthPoint] = [:]

  /// - Parameter variants: each peer takes that of them in which it is the fastest at the base.
  init(_ base: StepSetting, _ options: Options, variants: [Variant], rounds: Int) throws {
    (self.options, self.rounds) = (options, rounds)
    memoryLimit = try Int(Double(availableMemory()) * 0.45)
    for run in GrowthRun.allCases {
      let sides = try run.sides(base, options)
      for peer in Peer.frameworks {
        do {
          let found = try sides.fastest(of: peer, among: variants, by: run.seconds)
          rivals[run, default: []].append((peer, found.variant))
          searched.append("\(run.title), \(found.line)")
        } catch {
          excluded.append("\(run.title), \(peer.name): \(error)")
        }
      }
    }
  }

  /// What fails is in the point: the others are not lost with it.
  mutating func measure(_ setting: StepSetting, at value: Double, _ run: GrowthRun) -> GrowthPoint {
    let name = "\(run.title), \(setting.description)"
    // Sweeps have points in common.
    if let known = measured[name] { return known.at(value) }
    var point = GrowthPoint(value: value, setting: name)
    do {
      let sides = try run.sides(setting, options)
      // Of a process of its own: what it takes is not to count in the memory of one that is measured.
      let reference = try GrowthEquality(of: sides.ours(), run, sides)
      for (peer, variant) in rivals[run] ?? [] {
        point.peers.append(duel(sides, run, peer, variant, reference))
      }
      if point.peers.isEmpty {
        var alone = GrowthProbe(run, memoryLimit) { try sides.ours() }
        for round in 0...rounds { alone.run(counts: round > 0) }
        point.alone = alone.outcome
      }
    } catch {
      point.alone = .failed("\(error)")
    }
    measured[name] = point
    return point
  }

  /// Both sides start afresh and do the same number of runs; the first warms up.
  private func duel(
    _ sides: Sides, _ run: GrowthRun, _ peer: Peer, _ variant: Variant, _ reference: GrowthEquality
  ) -> GrowthPeer {
    var ours = GrowthProbe(run, memoryLimit) { try sides.ours() }
    var theirs = GrowthProbe(run, memoryLimit) { try sides.start(peer, variant) }
    for round in 0...rounds {
      ours.run(counts: round > 0)
      theirs.run(counts: round > 0)
    }
    var result = GrowthPeer(
      name: peer.name, variant: variant.name, ours: ours.outcome, outcome: theirs.outcome)
    guard case .measured = theirs.outcome, let worker = theirs.worker else { return result }
    do {
      result.agreements = try reference.agreements(
        with: GrowthEquality(of: worker, run, sides), first: (ours.first, theirs.first))
    } catch {
      result.outcome = .failed("\(error)")
    }
    return result
  }
}
