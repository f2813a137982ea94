extension String {
  /// The candidate that most likely was meant: it starts with this string, or is at most a third of its
  /// letters, rounded up, away from it. Case does not count. Nil where none is near.
  public func nearest(in candidates: [String]) -> String? {
    let typed = lowercased()
    let distances = candidates.map { candidate in
      typed.count >= 3 && candidate.hasPrefix(typed) ? 0 : typed.editDistance(to: candidate)
    }
    guard let least = distances.min(), let best = distances.firstIndex(of: least) else {
      return nil
    }
    return least <= (candidates[best].count + 2) / 3 ? candidates[best] : nil
  }

  /// How many letters must be inserted, removed or replaced to make the other string (Levenshtein).
  func editDistance(to other: String) -> Int {
    let letters = Array(other)
    var row = Array(0...letters.count)
    for (i, letter) in enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, target) in letters.enumerated() {
        (diagonal, row[j + 1]) = (
          row[j + 1],
          Swift.min(row[j] + 1, row[j + 1] + 1, letter == target ? diagonal : diagonal + 1)
        )
      }
    }
    return row[letters.count]
  }
}
