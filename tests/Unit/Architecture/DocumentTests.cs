using System.Text.RegularExpressions;
using Xunit;

namespace Atoll.Unit.Architecture;

/// <summary>
/// What the documents say of the code: every test, file and name that they mention exists. A test is written
/// <c>Project.Class.Method</c> between backticks, a constant as its name behind the path of its file.
/// </summary>
public sealed partial class DocumentTests
{
    private const string Unproven = "*unproven*";
    private static readonly string Invariants = Read("docs/INVARIANTS.md");
    private static readonly string Specification = Read("docs/SPECIFICATION.md");
    private static readonly IReadOnlySet<string> Tests = TestsOf("Unit").Concat(TestsOf("Host")).Concat(TestsOf("Conformance")).ToHashSet();

    [Fact]
    public void Every_test_that_a_document_names_exists()
    {
        HashSet<string> named = [.. Documents().SelectMany(path => TestName().Matches(Read(path)).Select(match => match.Groups[1].Value))];

        Assert.Subset(Tests.ToHashSet(), named);
        Assert.True(named.Count > 100, $"only {named.Count} tests are named: is the notation still the same?");
    }

    [Fact]
    public void Every_invariant_names_its_test_or_says_that_there_is_none()
    {
        string[] items = [.. Invariants.Split('\n').Where(line => Number().IsMatch(line))];

        Assert.Equal(Enumerable.Range(1, items.Length), items.Select(item => int.Parse(Number().Match(item).Groups[1].Value)));
        // Split gives, after the introduction, each number and what follows it.
        IEnumerable<string> baseless = Number().Split(Invariants).Skip(1).Where((text, i) => i % 2 == 1 && !TestName().IsMatch(text) && !text.Contains(Unproven));
        Assert.Empty(baseless);
    }

    [Fact]
    public void Every_promise_names_what_measures_it_or_says_that_nothing_does()
    {
        string[] rows = [.. Specification.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| promise", StringComparison.Ordinal))];

        IEnumerable<string> baseless = rows.Where(row => !TestName().IsMatch(row) && !row.Contains("`bench/") && !row.Contains(Unproven));

        Assert.NotEmpty(rows);
        Assert.Empty(baseless);
    }

    [Fact]
    public void Every_constant_of_a_promise_is_in_the_file_that_is_named()
    {
        MatchCollection places = Constant().Matches(Specification);
        IEnumerable<string> elsewhere = places
            .Where(place => !Regex.IsMatch(Read(place.Groups[1].Value), $@"\b{place.Groups[2].Value}\b"))
            .Select(place => place.Value);

        Assert.NotEmpty(places);
        Assert.Empty(elsewhere);
    }

    [Fact]
    public void Every_path_and_link_of_a_document_leads_somewhere()
    {
        IEnumerable<string> broken =
            from document in Documents()
            let text = Read(document)
            let folder = Path.GetDirectoryName(document)!
            from path in SourcePath().Matches(text).Select(match => match.Groups[1].Value)
                .Concat(Link().Matches(text).Select(match => Path.Combine(folder, match.Groups[1].Value)))
            where !Path.Exists(Path.Combine(Repository.Root, path))
            select $"{document}: {path}";

        Assert.Empty(broken);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Concat(["README.md", "CONTRIBUTING.md"]);

    /// <summary>The tests of a project, those that a class inherits included, wherever the class that declares them is.</summary>
    private static IEnumerable<string> TestsOf(string project)
    {
        ILookup<string, (string Name, IReadOnlyList<string> Bases, IReadOnlyList<string> Tests)> all =
            Repository.Sources("tests").SelectMany(path => SourceFile.Load(path).Classes()).ToLookup(type => type.Name);
        return
            from type in Repository.Sources(Path.Combine("tests", project)).SelectMany(path => SourceFile.Load(path).Classes())
            from test in type.Tests.Concat(type.Bases.SelectMany(name => all[name]).SelectMany(parent => parent.Tests))
            select $"{project}.{type.Name}.{test}";
    }

    [GeneratedRegex(@"`((?:Unit|Host|Conformance)\.\w+\.\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^(\d+)\. ", RegexOptions.Multiline)]
    private static partial Regex Number();

    [GeneratedRegex(@"`(src/[\w/.]+\.cs)` `(\w+)`")]
    private static partial Regex Constant();

    [GeneratedRegex(@"`((?:src|tests|docs|build|templates|bench)/[\w/.-]*)`")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)")]
    private static partial Regex Link();
}
