import Torch

/// Measures a setting: our side, and each peer in turns with it, every side in a process of its own with a limit on
/// its memory.
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

  mutating func measure(_ setting: StepSetting, at value: Double, _ run: GrowthRun) throws
    -> GrowthPoint
  {
    let name = "\(run), \(setting.description)"
    // The base is part of every sweep.
    if let known = measured[name] { return known.at(value) }
    let sides = try run.sides(setting, options)
    // Of a process of its own: what it takes is not to count in the memory of the one that is measured.
    let reference = try GrowthEquality(of: sides.ours(), run, sides)
    var ours = GrowthProbe(run, memoryLimit) { try sides.ours() }
    var peers: [GrowthPeer] = []
    for (peer, variant) in rivals[run] ?? [] {
      var probe = GrowthProbe(run, memoryLimit) { try sides.start(peer, variant) }
      // The first round warms up.
      for round in 0...rounds {
        ours.run(counts: round > 0)
        probe.run(counts: round > 0)
      }
      var result = GrowthPeer(name: peer.name, variant: variant.name, outcome: probe.outcome)
      if case .measured = result.outcome, let worker = probe.worker {
        do {
          result.agreements = try reference.agreements(
            with: GrowthEquality(of: worker, run, sides), first: (ours.first, probe.first))
        } catch {
          result.outcome = .failed("\(error)")
        }
      }
      peers.append(result)
    }
    let point = GrowthPoint(value: value, ours: ours.outcome, peers: peers)
    measured[name] = point
    return point
  }
}
