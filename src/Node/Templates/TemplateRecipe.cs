using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain;
using Atoll.Domain.Templates;

namespace Atoll.Node.Templates;

/// <summary>What <c>recipe.json</c> in a recipe's directory says: how to make a template from Debian packages.</summary>
/// <param name="Suite">The Debian release, such as <c>bookworm</c>.</param>
/// <param name="LeaveOut">Paths of packages that are not unpacked, as dpkg's <c>path-exclude</c> takes them.</param>
/// <param name="Keep">Exceptions from <paramref name="LeaveOut"/>.</param>
/// <param name="Files">A directory beside recipe.json that is copied over the root; null for none.</param>
/// <param name="Setup">A script beside recipe.json that is run last inside of the root; null for none.</param>
/// <param name="DefaultMemoryMb">MiB.</param>
/// <param name="Extends">The recipe beside this one whose packages, files and script come first; null for none.</param>
/// <param name="Start">A program with its arguments that every sandbox of the template starts with; nobody waits for it. Null for none.</param>
internal sealed record RecipeFile(
    string Name, string Description, string Suite, IReadOnlyList<string> Components, IReadOnlyList<string> Packages,
    IReadOnlyList<string> LeaveOut, IReadOnlyList<string> Keep, string? Files, string? Setup,
    int DefaultCpuCount, int DefaultMemoryMb, IReadOnlyList<RecipePort> Ports, string? Extends = null, IReadOnlyList<string>? Start = null);

/// <summary>A port that every sandbox of the template has.</summary>
internal sealed record RecipePort(int Port, int ServicePort, string Name);

/// <summary>
/// A recipe as it was read from its directory, with the digest of every file in it. The digest names the template, so the
/// same recipe is built once, and a changed one is another template.
/// </summary>
/// <param name="File">With the packages and paths of the recipe that it extends.</param>
/// <param name="Extended">The recipe that it extends, whose files and script come first; null for none.</param>
internal sealed record TemplateRecipe(string Directory, RecipeFile File, string Digest, TemplateRecipe? Extended = null)
{
    public const string FileName = "recipe.json";

    /// <summary>Raised when the builder makes something else of the same recipe.</summary>
    private const string BuilderVersion = "atoll-template-1";

    public TemplateId Id => new($"tpl-{Digest[..20]}");

    /// <exception cref="FaultException">The directory holds no valid recipe; the message says what is wrong.</exception>
    public static TemplateRecipe Load(string directory)
    {
        string path = Path.Combine(directory, FileName);
        RecipeFile? file;
        try
        {
            file = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(path), RecipeJson.Default.RecipeFile);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Fault.Invalid("recipes", $"{path} does not exist: --recipes must name the directory that holds one directory for each recipe").AsException();
        }
        catch (JsonException e)
        {
            throw Fault.Invalid("recipe", $"{path} is not a recipe: {e.Message}").AsException();
        }

        Check(file ?? throw Fault.Invalid("recipe", $"{path} is empty").AsException(), path);
        string digest = DigestOf(directory);
        return file.Extends is { } name ? Extend(directory, file, digest, path, Path.Combine(directory, "..", name)) : new TemplateRecipe(directory, file, digest);
    }

    private static TemplateRecipe Extend(string directory, RecipeFile file, string digest, string path, string extended)
    {
        TemplateRecipe first = Load(extended);
        if (first.Extended is not null || first.File.Suite != file.Suite)
        {
            throw Fault.Invalid("extends", $"{path}: extends must name a recipe of the same suite that extends none itself").AsException();
        }

        RecipeFile both = file with
        {
            Packages = [.. first.File.Packages.Union(file.Packages)],
            Components = [.. first.File.Components.Union(file.Components)],
            LeaveOut = [.. first.File.LeaveOut, .. file.LeaveOut],
            Keep = [.. first.File.Keep, .. file.Keep],
        };
        byte[] digests = Encoding.UTF8.GetBytes($"{first.Digest}\n{digest}");
        return new TemplateRecipe(directory, both, Convert.ToHexStringLower(SHA256.HashData(digests)), first);
    }

    private static void Check(RecipeFile file, string path)
    {
        Require(IsPlain(file.Name), "name", "must be lower-case letters, digits, '-' and '.'");
        Require(IsPlain(file.Suite), "suite", "must be the code name of a Debian release, such as bookworm");
        Require(file.Components.Count > 0 && file.Components.All(IsPlain), "components", "must be such as [\"main\"]");
        Require(file.Packages.All(IsPlain), "packages", "must be names of Debian packages");
        Require(file.LeaveOut.Concat(file.Keep).All(p => p.StartsWith('/') && !p.Contains('\n')), "leave_out", "must be absolute paths, as keep must");
        Require(file.Files is null || IsPlain(file.Files), "files", "must be the name of a directory beside recipe.json");
        Require(file.Setup is null || IsPlain(file.Setup), "setup", "must be the name of a file beside recipe.json");
        Require(file.Extends is null || (IsPlain(file.Extends) && file.Extends != file.Name), "extends", "must be the name of another recipe's directory beside this one");
        Require(file.Start is null || (file.Start.Count > 0 && file.Start[0].StartsWith('/')), "start", "must be an absolute path of a program and its arguments");
        Require(file.DefaultCpuCount is >= 1 and <= 64, "default_cpu_count", "must be 1 to 64");
        Require(file.DefaultMemoryMb is >= 128 and <= 1 << 20, "default_memory_mb", "must be 128 to 1048576");
        Require(file.Ports.All(p => p.Port is > 0 and < 65536 && p.ServicePort is > 0 and < 65536), "ports", "must be 1 to 65535");

        void Require(bool holds, string field, string rule)
        {
            if (!holds)
            {
                throw Fault.Invalid(field, $"{path}: {field} {rule}").AsException();
            }
        }
    }

    // These words reach command lines: nothing that an option or a shell could be made of may pass.
    private static bool IsPlain(string word) =>
        word.Length is > 0 and <= 100 && char.IsAsciiLetterOrDigit(word[0])
        && word.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.' or '+' or '_');

    private static string DigestOf(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(BuilderVersion));
        foreach (string path in System.IO.Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            byte[] content = System.IO.File.ReadAllBytes(path);
            char kind = IsExecutable(path) ? 'x' : '-';
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{Path.GetRelativePath(directory, path)}\0{kind}{content.Length}\0"));
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static bool IsExecutable(string path) => (System.IO.File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RecipeFile))]
internal sealed partial class RecipeJson : JsonSerializerContext;
