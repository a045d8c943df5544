using System.Text.Json;
using Atoll.Cli.Output;

namespace Atoll.Cli.Profiles;

/// <summary>
/// Keeps the config in <c>~/.scalebox-cli/config.json</c>, readable by its owner only, and replaces it whole so that a
/// crash leaves the old or the new one.
/// </summary>
internal sealed class ConfigFile(string home)
{
    private const UnixFileMode OwnerOnlyDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _directory = System.IO.Path.Combine(home, ".scalebox-cli");

    public string Path => System.IO.Path.Combine(_directory, "config.json");

    public Config Read()
    {
        try
        {
            byte[] text = File.ReadAllBytes(Path);
            return JsonSerializer.Deserialize(text, CliJson.Default.Config) ?? new Config();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Config();
        }
        catch (JsonException)
        {
            throw new CliException($"{Path} is not valid JSON: correct it, or delete it and run 'atoll auth login'");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"cannot read {Path}: {exception.Message}");
        }
    }

    public void Write(Config config)
    {
        string fresh = System.IO.Path.Combine(_directory, $".config.{Environment.ProcessId}.{Guid.NewGuid():N}.json");
        try
        {
            Directory.CreateDirectory(_directory, OwnerOnlyDirectory);
            File.SetUnixFileMode(_directory, OwnerOnlyDirectory);
            FileStreamOptions options = new()
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnlyFile,
            };
            using (FileStream file = new(fresh, options))
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes(config, CliJson.Default.Config));
                file.Flush(flushToDisk: true);
            }
            File.Move(fresh, Path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(fresh))
            {
                File.Delete(fresh);
            }
            throw new CliException($"cannot write {Path}: {exception.Message}");
        }
    }
}
