using System.Xml.Linq;
using Xunit;

namespace Atoll.Unit.Architecture;

/// <summary>The dependency rule of build/Layers.targets: complete, no wider than what is used, and enforced.</summary>
public sealed class LayerTests
{
    /// <summary>What docs/ARCHITECTURE.md promises about the product's own layers, in its own words.</summary>
    private static readonly Dictionary<string, string> Promised = new()
    {
        ["Domain"] = "", ["Protocol"] = "", ["Linux"] = "", ["Sdk"] = "",
        ["Agent"] = "Protocol;Linux", ["Cli"] = "Sdk", ["Api"] = "Domain", ["Control"] = "Domain",
        ["Node"] = "Domain;Protocol;Linux", ["Server"] = "Api;Control;Node;Domain",
    };

    private static readonly Dictionary<string, string[]> Rules = XDocument
        .Load(Path.Combine(Repository.Root, "build", "Layers.targets"))
        .Descendants("LayerRule")
        .ToDictionary(
            rule => rule.Attribute("Include")!.Value,
            rule => rule.Attribute("MaySee")!.Value.Split(';', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void The_rules_are_those_of_the_architecture()
    {
        foreach ((string project, string maySee) in Promised)
        {
            Assert.Equal(maySee, string.Join(';', Rules[project]));
        }
    }

    [Fact]
    public void Every_project_has_a_rule_and_keeps_it()
    {
        foreach (string project in Repository.Projects())
        {
            string name = Path.GetFileNameWithoutExtension(project);
            Assert.True(Rules.ContainsKey(name), $"{name} has no line in build/Layers.targets");
            Assert.Subset(Rules[name].ToHashSet(), Repository.References(project).ToHashSet());
        }
    }

    [Fact]
    public void A_product_project_sees_all_that_its_rule_names_and_so_no_rule_is_wider_than_needed()
    {
        foreach (string project in Repository.Projects().Where(path => path.StartsWith(Path.Combine(Repository.Root, "src"))))
        {
            string name = Path.GetFileNameWithoutExtension(project);
            Assert.Equal(Rules[name].Order(), Repository.References(project).Order());
        }
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        IEnumerable<string> listed = XDocument.Load(Path.Combine(Repository.Root, "Atoll.slnx"))
            .Descendants("Project").Select(project => project.Attribute("Path")!.Value);

        Assert.Equal(Repository.Projects().Select(path => Path.GetRelativePath(Repository.Root, path)).Order(), listed.Order());
    }

    [Fact]
    public async Task A_forbidden_reference_fails_the_build_and_an_allowed_one_does_not()
    {
        string injected = Path.Combine(Path.GetTempPath(), $"atoll-layers-{Guid.NewGuid():N}.targets");
        await File.WriteAllTextAsync(
            injected, $"""<Project><ItemGroup><ProjectReference Include="{Repository.Root}/src/Control/Control.csproj" /></ItemGroup></Project>""");
        try
        {
            string project = Path.Combine(Repository.Root, "src", "Api", "Api.csproj");
            (int allowed, string calm) = await Repository.BuildAsync(project, "-t:EnforceLayers", "-v:quiet");
            (int forbidden, string refusal) = await Repository.BuildAsync(
                project, "-t:EnforceLayers", "-v:quiet", $"-p:CustomAfterMicrosoftCommonTargets={injected}");

            Assert.True(allowed == 0, calm);
            Assert.NotEqual(0, forbidden);
            Assert.Contains("Api may not reference Control", refusal);
        }
        finally
        {
            File.Delete(injected);
        }
    }
}
