using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Domain.Sandboxes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Atoll.Node.Recovery;

/// <summary>
/// The records of all sandboxes of which this machine holds anything: one small JSON file each, replaced atomically.
/// Not synced to disk: what they say matters only to the sandboxes of this boot. The files themselves outlive a reboot,
/// and after a loss of power they may be empty or torn; then the id, which is the name, is all that is known.
/// </summary>
internal sealed partial class LaunchJournal
{
    private const string Extension = ".json";
    private const string Unfinished = ".new";
    private readonly string _directory;
    private readonly ILogger _log;

    public LaunchJournal(string directory, ILogger<LaunchJournal>? log = null)
    {
        _directory = directory;
        _log = log ?? NullLogger<LaunchJournal>.Instance;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Removes what a process that was killed while it saved has left. Only for who holds the instance's lock.</summary>
    public void RemoveUnfinished()
    {
        foreach (string half in Directory.EnumerateFiles(_directory, "*" + Extension + Unfinished))
        {
            File.Delete(half);
        }
    }

    /// <exception cref="IOException">The disk is full or broken; the record is there as it was before.</exception>
    public void Save(LaunchRecord record)
    {
        string path = PathOf(record.Id);
        string half = path + Unfinished;
        try
        {
            File.WriteAllBytes(half, JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.LaunchRecord));
            File.Move(half, path, overwrite: true);
        }
        catch
        {
            File.Delete(half);
            throw;
        }
    }

    /// <summary>The record of a sandbox; with nothing but its id where the file is torn; null when there is none.</summary>

    public LaunchRecord? Load(SandboxId id)
    {
        try
        {
            LaunchRecord? record = JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(id)), JournalJson.Default.LaunchRecord);
            return record?.Id == id ? record : throw new FormatException("it is not the record of this sandbox");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException)
        {
            LogTorn(e, id);
            return new LaunchRecord(id);
        }
    }

    public void Remove(SandboxId id) => File.Delete(PathOf(id));

    public IReadOnlyList<LaunchRecord> List() =>
        [.. Directory.EnumerateFiles(_directory, "*" + Extension)
            .Select(path => SandboxId.TryParse(Path.GetFileNameWithoutExtension(path), out SandboxId id) ? Load(id) : null)
            .OfType<LaunchRecord>()];

    private string PathOf(SandboxId id) => Path.Combine(_directory, id.Value + Extension);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sandbox}: its launch record cannot be read; it is cleaned up by its id alone")]
    private partial void LogTorn(Exception e, SandboxId sandbox);
}

[JsonSourceGenerationOptions(Converters = [typeof(SandboxIdConverter)])]
[JsonSerializable(typeof(LaunchRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;

internal sealed class SandboxIdConverter : JsonConverter<SandboxId>
{
    public override SandboxId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => SandboxId.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, SandboxId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
