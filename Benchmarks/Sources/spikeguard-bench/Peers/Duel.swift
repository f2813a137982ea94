import Torch

/// One piece of work, done in turns by our side and by every peer that is shown to compute the same.
struct Duel {
  /// A row of ours: another setting of the same work.
  struct Own {
    let name: String
    let start: () throws -> Worker
  }

  let title: String
  let sides: Sides
  /// The first is what the others are measured against.
  let own: [Own]
  let peers: [Peer]
  /// One is taken as it is; of several each peer's fastest is looked for first.
  let variants: [Variant]
  let rounds: Int
  /// Every peer meets our first row alone, where the memory of all at once would not fit.
  var oneByOne = false
  var notes: [String] = []
  /// Compares results; throws ``Disagreement``.
  let agree: (Peer, Variant) throws -> [Agreement]
  /// Does the work once; in seconds.
  let measure: (Worker) throws -> Double
  /// A shorter work by which variants are told apart, and which warms up.
  var probe: ((Worker) throws -> Double)?

  /// - Returns: a comparison for each group of processes that ran in turns.
  func run(_ session: inout Session) throws -> [Comparison] {
    var agreements: [Agreement] = []
    var excluded: [Comparison.Exclusion] = []
    var chosen: [(peer: Peer, variant: Variant)] = []
    var searched: [String] = []
    for peer in peers {
      do {
        let variant = try fastest(of: peer, &searched)
        agreements += try agree(peer, variant)
        chosen.append((peer, variant))
      } catch {
        // A peer that cannot be compared must not hide the others, nor go unnoticed.
        session.failures += 1
        excluded.append(.init(name: peer.name, reason: "\(error)"))
      }
    }
    var comparisons: [Comparison] = []
    for group in oneByOne ? chosen.map({ [$0] }) : [chosen] where !group.isEmpty {
      let isFirst = comparisons.isEmpty
      do {
        comparisons.append(
          try compete(
            isFirst ? own : Array(own.prefix(1)), against: group, isFirst ? agreements : []))
      } catch {
        session.failures += 1
        excluded += group.map { .init(name: $0.peer.name, reason: "\(error)") }
      }
    }
    guard !comparisons.isEmpty else {
      say("\n\(title): no peer could be compared")
      for one in excluded { say("  \(one.line)") }
      return []
    }
    comparisons[0].excluded = excluded
    comparisons[0].notes += searched
    comparisons[comparisons.count - 1].notes +=
      notes + chosen.map { "\($0.peer.name): \($0.peer.expression)" }
    for comparison in comparisons { session.publish(comparison) }
    return comparisons
  }

  private func compete(
    _ own: [Own], against group: [(peer: Peer, variant: Variant)], _ agreements: [Agreement]
  ) throws -> Comparison {
    // All are started before any is asked: interpreters load at the same time.
    let workers =
      try own.map { try $0.start() }
      + group.map {
        try sides.peer($0.variant.layout, keepingMemory: $0.variant.keepsMemory, of: $0.peer)
      }
    let facts = try workers.map { try $0.ask(WorkerRequest(run: "describe")) }
    let idle = workers.map { $0.memory("VmRSS") }
    let against = oneByOne ? group.map { ", against \($0.peer.name)" }.joined() : ""
    let threads = facts.compactMap(\.threads).min() ?? 0
    var comparison = try Comparison.measure(
      "\(title)\(against): \(sides.setting.description), \(threads) threads", .milliseconds,
      agreements,
      workers.map { worker in
        Contestant(worker.name, warmUp: probe.map { probe in { _ = try probe(worker) } }) {
          try measure(worker)
        }
      }, rounds: rounds)
    let names = own.map { _ in String?.none } + group.map { $0.peer.name }
    for index in comparison.sides.indices {
      comparison.sides[index].peer = names[index]
      comparison.sides[index].versions = facts[index].versions
      comparison.sides[index].idleBytes = idle[index]
      comparison.sides[index].peakBytes = workers[index].memory("VmHWM")
    }
    return comparison
  }

  private func fastest(of peer: Peer, _ searched: inout [String]) throws -> Variant {
    guard variants.count > 1 else { return variants[0] }
    let found = try sides.fastest(of: peer, among: variants, by: probe ?? measure)
    searched.append(found.line)
    return found.variant
  }
}

extension Sides {
  /// The variant with the least time of two, after one that does not count; and a line with all times. A single one is
  /// tried all the same: whether it runs is known then.
  func fastest(of peer: Peer, among variants: [Variant], by work: (Worker) throws -> Double) throws
    -> (variant: Variant, line: String)
  {
    let times = try variants.map { variant in
      let worker = try start(peer, variant)
      return try (0..<3).map { _ in try work(worker) }.dropFirst().min()!
    }
    let best = times.indices.min { times[$0] < times[$1] }!
    let list = zip(variants, times).map { "\($0.name) \(formatted($1 * 1e3, 3))" }
    return (
      variants[best], "\(peer.name), least of two in ms: " + list.joined(separator: "; ")
    )
  }

  /// A peer's process, once it has shown that it is the pinned version.
  func start(_ peer: Peer, _ variant: Variant) throws -> Worker {
    let worker = try self.peer(variant.layout, keepingMemory: variant.keepsMemory, of: peer)
    let found = try worker.ask(WorkerRequest(run: "describe")).versions?[peer.package]
    guard found == peer.version else { throw WrongPeer(peer: peer, found: found) }
    return worker
  }
}
