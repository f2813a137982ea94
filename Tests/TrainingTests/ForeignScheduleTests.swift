import Foundation
import Testing

@testable import Training

/// Which batches are foreign, over every small schedule.
@Suite struct ForeignScheduleTests {
  private static let epochs = 0...5

  /// Catches an epoch too early or too late, batches that are counted twice or lost, and more of them than
  /// the epoch has.
  @Test(arguments: ForeignSchedule.Place.allCases, ForeignSchedule.Cadence.allCases)
  func `an epoch has its foreign batches from epoch k on, once or ever again`(
    place: ForeignSchedule.Place, cadence: ForeignSchedule.Cadence
  ) {
    for first in 0...4 {
      for count in 0...9 {
        let schedule = ForeignSchedule(
          batches: count, place: place, cadence: cadence, fromEpoch: first)
        for batches in 1...7 {
          for epoch in Self.epochs {
            let found = schedule.foreignBatches(
              inEpoch: epoch, batchesPerEpoch: batches, seed: 3)
            let has = epoch == first || (epoch > first && cadence == .everyEpoch)
            #expect(found.count == (has ? min(count, batches) : 0))
            #expect(found == Array(Set(found)).sorted())
            #expect(found.allSatisfy { (0..<batches).contains($0) })
          }
        }
      }
    }
  }

  @Test func `start and end are the first and the last batches`() {
    for batches in 1...9 {
      for count in 0...batches {
        func places(_ place: ForeignSchedule.Place) -> [Int] {
          ForeignSchedule(batches: count, place: place)
            .foreignBatches(inEpoch: 2, batchesPerEpoch: batches, seed: 0)
        }
        #expect(places(.start) == Array((0..<batches).prefix(count)))
        #expect(places(.end) == Array((0..<batches).suffix(count)))
      }
    }
  }

  @Test func `spread batches are the middles of equal parts`() {
    for batches in 1...40 {
      for count in 1...batches {
        let places = ForeignSchedule(batches: count, place: .spread)
          .foreignBatches(inEpoch: 0, batchesPerEpoch: batches, seed: 0)
        #expect(places.count == count)
        for (index, place) in places.enumerated() {
          // place ≤ (index + ½) · batches / count < place + 1, in whole numbers.
          let middle = (2 * index + 1) * batches
          #expect(place * 2 * count <= middle && middle < (place + 1) * 2 * count)
        }
      }
    }
    #expect(
      ForeignSchedule(batches: 1, place: .spread)
        .foreignBatches(inEpoch: 0, batchesPerEpoch: 391, seed: 0) == [195])
  }

  /// 4,000 draws of 2 of 10: each place is expected 800 times, with a deviation of 25.
  @Test func `random places depend on seed and epoch, and every place is as likely`() {
    let schedule = ForeignSchedule(batches: 2, place: .random)
    var counts = [Int](repeating: 0, count: 10)
    var distinct: Set<[Int]> = []
    for seed in 0..<40 {
      for epoch in 0..<100 {
        let places = schedule.foreignBatches(
          inEpoch: epoch, batchesPerEpoch: 10, seed: UInt64(seed))
        #expect(
          places
            == schedule.foreignBatches(inEpoch: epoch, batchesPerEpoch: 10, seed: UInt64(seed)))
        for place in places { counts[place] += 1 }
        distinct.insert(places)
      }
    }
    #expect(counts.allSatisfy { abs($0 - 800) < 125 }, "\(counts)")
    #expect(distinct.count == 45, "all pairs of 10")
  }

  @Test func `it is written as it is read`() throws {
    var schedule = ForeignSchedule(batches: 5, place: .spread, cadence: .once, fromEpoch: 3)
    let json = try JSONEncoder().encode(schedule)
    #expect(try JSONDecoder().decode(ForeignSchedule.self, from: json) == schedule)
    #expect("\(schedule)" == "5 batches spread evenly of epoch 3 only")
    schedule = ForeignSchedule()
    #expect("\(schedule)" == "1 batch at a random place of every epoch from epoch 0 on")
    schedule = ForeignSchedule(batches: 2, place: .random, fromEpoch: 10)
    #expect("\(schedule)" == "2 batches at random places of every epoch from epoch 10 on")
    schedule.place = .end
    #expect("\(schedule)" == "2 batches at the end of every epoch from epoch 10 on")
  }
}
