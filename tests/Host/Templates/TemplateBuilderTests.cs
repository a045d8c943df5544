using System.Text.Json.Nodes;
using Atoll.Domain.Templates;
using Atoll.Node.Templates;
using Xunit;

namespace Atoll.Host.Templates;

/// <summary>Builds a small template from Debian's packages: needs root, mmdebstrap and a mirror.</summary>
public sealed class TemplateBuilderTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly string _work = Directory.CreateTempSubdirectory("atoll-template-").FullName;
    private readonly CancellationTokenSource _limit = new(Patience);

    private string Templates => Path.Combine(_work, "templates");

    public async ValueTask DisposeAsync()
    {
        _limit.Dispose();
        await BuildTool.RunAsync("rm", ["-rf", "--one-file-system", "--", _work], null, CancellationToken.None);
    }

    [Fact]
    public async Task A_template_is_built_once_whole_and_apart_from_the_machine()
    {
        TemplateRecipe recipe = Recipe("#!/bin/sh\nset -e\nid -u > /etc/made-by\nrm -rf /tmp/*\nsleep 1000 &\n", "bash");
        string[] before = Machine();
        Directory.CreateDirectory(Path.Combine(Templates, ".building-tpl-old-1", "rootfs"));

        // Two at once: one builds, the other waits for it and finds it built.
        var lines = new Lines();
        TemplateId[] ids = await Task.WhenAll(BuildAsync(recipe, lines), BuildAsync(recipe, lines));
        Assert.Equal([recipe.Id, recipe.Id], ids);
        Assert.Single(lines.All, line => line.Contains("success"));

        TemplateStore store = TemplateStore.Open(Templates);
        string root = store.RootfsPath(recipe.Id);
        Assert.Equal("0\n", File.ReadAllText(Path.Combine(root, "etc/made-by")));
        Assert.Equal("hello\n", File.ReadAllText(Path.Combine(root, "etc/hello")));
        Assert.False(Path.Exists(Path.Combine(root, ".recipe")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(root, "proc")));
        Assert.Equal([".lock", recipe.Id.Value], Directory.EnumerateFileSystemEntries(Templates).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        TemplateManifest manifest = TemplateManifest.Read(Path.Combine(Templates, recipe.Id.Value));
        Assert.Contains("bash", manifest.Packages.Keys);
        Assert.Equal((manifest.Tree, manifest.Size), await TemplateTree.MeasureAsync(root, _limit.Token));
        Assert.Equal(before, Machine());

        var again = new Lines();
        Assert.Equal(recipe.Id, await BuildAsync(recipe, again));
        Assert.Empty(again.All);
    }

    [Fact]
    public async Task A_recipe_whose_package_does_not_exist_says_so_and_leaves_nothing()
    {
        TemplateRecipe recipe = Recipe("#!/bin/sh\n", "no-such-package-at-all");
        var failure = await Assert.ThrowsAsync<TemplateBuildException>(() => BuildAsync(recipe, new Lines()));
        Assert.True(failure.Message.Contains("no-such-package-at-all"), failure.Message);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_build_that_is_cancelled_leaves_nothing()
    {
        TemplateRecipe recipe = Recipe("#!/bin/sh\n", "bash");
        string[] before = Machine();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token);
        var lines = new Lines(line =>
        {
            if (line.Contains("extracting"))
            {
                stop.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new TemplateBuilder(Templates, TimeProvider.System).BuildAsync(recipe, lines, stop.Token));
        Assert.False(_limit.IsCancellationRequested);
        AssertNothingLeft();
        Assert.Equal(before, Machine());
    }

    private Task<TemplateId> BuildAsync(TemplateRecipe recipe, Lines lines) =>
        new TemplateBuilder(Templates, TimeProvider.System).BuildAsync(recipe, lines, _limit.Token);

    private void AssertNothingLeft()
    {
        Assert.Equal([".lock"], Directory.EnumerateFileSystemEntries(Templates).Select(Path.GetFileName));
        Assert.Empty(TemplateStore.Open(Templates).List());
    }

    /// <summary>What a build must not change: mounts of this machine beneath its directory, and the lists of its own apt.</summary>
    private string[] Machine() =>
    [
        .. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(_work)),
        .. Directory.EnumerateFiles("/var/lib/apt/lists").Order(StringComparer.Ordinal),
    ];

    private TemplateRecipe Recipe(string setup, string package)
    {
        string directory = Directory.CreateDirectory(Path.Combine(_work, "recipe")).FullName;
        Directory.CreateDirectory(Path.Combine(directory, "files", "etc"));
        File.WriteAllText(Path.Combine(directory, "files", "etc", "hello"), "hello\n");
        File.WriteAllText(Path.Combine(directory, "setup.sh"), setup);
        File.WriteAllText(Path.Combine(directory, "recipe.json"), new JsonObject
        {
            ["name"] = "tiny",
            ["description"] = "as little as there can be",
            ["suite"] = "bookworm",
            ["components"] = new JsonArray("main"),
            ["packages"] = new JsonArray(package),
            ["leave_out"] = new JsonArray("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"),
            ["keep"] = new JsonArray(),
            ["files"] = "files",
            ["setup"] = "setup.sh",
            ["default_cpu_count"] = 1,
            ["default_memory_mb"] = 256,
            ["ports"] = new JsonArray(),
        }.ToJsonString());
        return TemplateRecipe.Load(directory);
    }

    private sealed class Lines(Action<string>? seen = null) : IProgress<string>
    {
        private readonly List<string> _all = [];

        public IReadOnlyList<string> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public void Report(string value)
        {
            lock (_all)
            {
                _all.Add(value);
            }

            seen?.Invoke(value);
        }
    }
}
