using Atoll.Domain;
using Atoll.Node.Templates;
using Xunit;

namespace Atoll.Unit.Templates;

public sealed class TemplateRecipeTests : IDisposable
{
    private const string Valid =
        """
        {
          "name": "tiny", "description": "", "suite": "bookworm", "components": ["main"], "packages": ["bash"],
          "leave_out": ["/usr/share/man/*"], "keep": [], "files": "files", "setup": "setup.sh",
          "default_cpu_count": 1, "default_memory_mb": 512, "ports": []
        }
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("atoll-recipe-").FullName;

    public TemplateRecipeTests()
    {
        Write("recipe.json", Valid);
        Write("setup.sh", "true");
        Directory.CreateDirectory(Path.Combine(_directory, "files"));
        Write("files/hosts", "127.0.0.1 localhost");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_recipe_names_its_template_by_its_digest()
    {
        TemplateRecipe recipe = TemplateRecipe.Load(_directory);
        Assert.Equal($"tpl-{recipe.Digest[..20]}", recipe.Id.Value);
        Assert.Matches("^tpl-[0-9a-f]{20}$", recipe.Id.Value);
        Assert.Equal(recipe.Id, TemplateRecipe.Load(_directory).Id);
    }

    [Theory]
    [InlineData("setup.sh", "false")]
    [InlineData("files/hosts", "127.0.0.1 localhosts")]
    [InlineData("files/more", "")]
    public void Every_change_of_a_file_makes_another_template(string path, string content)
    {
        var before = TemplateRecipe.Load(_directory).Id;
        Write(path, content);
        Assert.NotEqual(before, TemplateRecipe.Load(_directory).Id);
    }

    [Fact]
    public void A_file_that_becomes_executable_makes_another_template()
    {
        var before = TemplateRecipe.Load(_directory).Id;
        string path = Path.Combine(_directory, "files/hosts");
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
        Assert.NotEqual(before, TemplateRecipe.Load(_directory).Id);
    }

    [Fact]
    public void Content_cannot_be_moved_between_files_without_a_change()
    {
        Write("files/a", "xy");
        Write("files/b", "");
        var before = TemplateRecipe.Load(_directory).Id;
        Write("files/a", "x");
        Write("files/b", "y");
        Assert.NotEqual(before, TemplateRecipe.Load(_directory).Id);
    }

    [Theory]
    [InlineData("\"tiny\"", "\"Tiny\"", "name")]
    [InlineData("\"tiny\"", "\"../tiny\"", "name")]
    [InlineData("\"bookworm\"", "\"--help\"", "suite")]
    [InlineData("[\"main\"]", "[]", "components")]
    [InlineData("[\"bash\"]", "[\"bash,--option\"]", "packages")]
    [InlineData("[\"bash\"]", "[\"bash; id\"]", "packages")]
    [InlineData("\"/usr/share/man/*\"", "\"share/man\"", "leave_out")]
    [InlineData("\"files\": \"files\"", "\"files\": \"/etc\"", "files")]
    [InlineData("\"setup.sh\"", "\"../setup.sh\"", "setup")]
    [InlineData("\"default_cpu_count\": 1", "\"default_cpu_count\": 0", "default_cpu_count")]
    [InlineData("512", "1", "default_memory_mb")]
    [InlineData("\"ports\": []", "\"ports\": [{\"port\": 0, \"service_port\": 80, \"name\": \"web\"}]", "ports")]
    public void A_bad_field_is_named(string from, string to, string field)
    {
        Write("recipe.json", Valid.Replace(from, to));
        Fault fault = Assert.Throws<FaultException>(() => TemplateRecipe.Load(_directory)).Fault;
        Assert.Equal((FaultCode.InvalidArgument, field), (fault.Code, fault.Field));
        Assert.Contains(field, fault.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"name\": \"tiny\"}")]
    [InlineData("[1, 2]")]
    public void What_is_no_recipe_is_a_fault_that_names_the_file(string text)
    {
        Write("recipe.json", text);
        Assert.Contains("recipe.json", Assert.Throws<FaultException>(() => TemplateRecipe.Load(_directory)).Message);
    }

    [Fact]
    public void A_field_that_nobody_knows_is_refused_so_that_a_misspelt_one_is_seen()
    {
        Write("recipe.json", Valid.Replace("\"ports\"", "\"port\": 1, \"ports\""));
        Assert.Throws<FaultException>(() => TemplateRecipe.Load(_directory));
    }

    [Fact]
    public void A_recipe_that_extends_another_has_its_packages_too_and_changes_with_it()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "first"));
        Directory.CreateDirectory(Path.Combine(_directory, "second"));
        string first = Path.Combine(_directory, "first"), second = Path.Combine(_directory, "second");
        Write("first/recipe.json", Valid.Replace("\"tiny\"", "\"first\"").Replace("[\"bash\"]", "[\"first\", \"bash\"]"));
        Write("second/recipe.json", Valid.Replace("\"ports\"", "\"extends\": \"first\", \"start\": [\"/bin/true\"], \"ports\""));

        TemplateRecipe recipe = TemplateRecipe.Load(second);
        TemplateRecipe extended = TemplateRecipe.Load(first);
        Write("first/setup.sh", "changed");

        Assert.Equal(["first", "bash"], recipe.File.Packages);
        Assert.Equal(extended.Id, recipe.Extended!.Id);
        Assert.Equal(["/bin/true"], recipe.File.Start!);
        Assert.NotEqual(recipe.Id, TemplateRecipe.Load(second).Id);
    }

    [Fact]
    public void The_recipe_that_runs_code_extends_base_and_starts_its_server()
    {
        TemplateRecipe recipe = TemplateRecipe.Load(Path.Combine(Repository.Root, "templates", "code-interpreter"));

        Assert.Equal("base", recipe.Extended!.File.Name);
        Assert.Equal(2048, recipe.File.DefaultMemoryMb);
        Assert.Equal([32000], recipe.File.Ports.Select(port => port.Port));
        Assert.True(TemplateRecipe.IsExecutable(Path.Combine(recipe.Directory, "files" + recipe.File.Start![0])));
    }

    [Fact]
    public void A_missing_recipe_is_a_fault_that_says_what_recipes_must_name() =>
        Assert.Contains("--recipes", Assert.Throws<FaultException>(() => TemplateRecipe.Load(_directory + "-absent")).Message);

    [Fact]
    public void The_recipe_of_base_is_valid_and_has_what_it_promises()
    {
        RecipeFile file = TemplateRecipe.Load(Path.Combine(Repository.Root, "templates", "base")).File;
        Assert.Equal("base", file.Name);
        Assert.Empty(((string[])["bash", "coreutils", "python3", "python3-pip", "python3-venv", "nodejs", "npm", "git", "curl", "wget",
            "ca-certificates", "build-essential", "procps", "iproute2", "sudo", "openssh-client", "vim-tiny", "less", "jq", "unzip", "locales"])
            .Except(file.Packages));
    }

    private void Write(string path, string content) => File.WriteAllText(Path.Combine(_directory, path), content);
}
