import ArgumentParser

/// Several values of one option, separated by commas.
enum CommaList {
  /// - Parameter option: as `--steps`.
  static func integers(
    _ text: String, option: String, in range: ClosedRange<Int>
  ) throws(ValidationError) -> [Int] {
    let values = parts(text).map { Int($0) }
    let known = values.compactMap(\.self).filter(range.contains)
    guard !known.isEmpty, known.count == values.count, Set(known).count == known.count else {
      throw ValidationError(
        "\(option): expected different whole numbers from \(range.lowerBound) to "
          + "\(range.upperBound), separated by commas, found '\(text)'")
    }
    return known
  }

  static func choices<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
    _ text: String, option: String, _ type: Choice.Type = Choice.self
  ) throws(ValidationError) -> [Choice] {
    let values = parts(text).map { Choice(rawValue: $0) }
    let known = values.compactMap(\.self)
    guard !known.isEmpty, known.count == values.count, Set(known).count == known.count else {
      throw ValidationError(
        "\(option): expected one or more of \(type.allCases.map(\.rawValue).joined(separator: ", ")), "
          + "separated by commas, found '\(text)'")
    }
    return known
  }

  private static func parts(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " })
    }
  }
}
