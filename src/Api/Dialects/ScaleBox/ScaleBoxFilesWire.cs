using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Atoll.Api.Dialects.ScaleBox;

internal sealed record WireUploaded(
    string Name, string Type, string Path, [property: Description("The same in a sentence.")] string Message);

internal sealed record WireFileEntry(
    string Name,
    [property: Description("FILE_TYPE_FILE, FILE_TYPE_DIRECTORY or FILE_TYPE_UNSPECIFIED; a link is a file with a target.")] string Type,
    string Path,
    long Size,
    [property: Description("Permission bits as a number.")] int Mode,
    [property: Description("Such as -rw-r--r--.")] string Permissions,
    string Owner,
    string Group,
    DateTime ModifiedTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SymlinkTarget);

internal sealed record WireFileList(IReadOnlyList<WireFileEntry> Entries);

internal sealed record WireFileStat(WireFileEntry Entry);

internal sealed record WireListFiles(
    string Path, [property: Description("Levels to list; 1 is the directory itself.")] int? Depth, string? User);

internal sealed record WireStatFile(string Path, string? User);

internal sealed record WireUploadProgress(int Progress);
