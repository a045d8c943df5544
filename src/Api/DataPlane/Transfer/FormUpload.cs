using Atoll.Domain;
using Atoll.Domain.Files;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>
/// Writes the one file of a form (contracts/scalebox.md 1.4 and 3.3). The file's own name is where it goes when that is a
/// full path; what the URL or a field before the file says comes first. A file whose name is no full path is put aside
/// until a field behind it has said where it goes.
/// </summary>
/// <param name="path">Where the URL says that it goes; null when it says nothing.</param>
/// <param name="user">Whose it is.</param>
/// <param name="userFromForm">Whether a field may say otherwise.</param>
internal sealed class FormUpload(ISandboxFiles files, string? path, string user, bool userFromForm)
{
    private string? _path = path;
    private string _user = user;

    /// <param name="measure">Looks on while the file's bytes pass; null for nobody.</param>
    public async Task<FileEntry> ReceiveAsync(MultipartForm form, Func<Stream, Stream>? measure, CancellationToken cancellation)
    {
        FileEntry? written = null;
        FilePath? aside = null;
        string? name = null;
        try
        {
            while (await form.NextAsync(cancellation) is { } part)
            {
                if (!part.IsFile)
                {
                    await TakeFieldAsync(part, cancellation);
                    continue;
                }

                if (written is not null)
                {
                    throw Fault.Invalid("file", "the form must hold one file: upload others by further requests").AsException();
                }

                name = part.FileName;
                string? to = _path ?? (name?.StartsWith('/') is true ? name : null);
                aside = to is null ? new FilePath($"/tmp/.atoll-upload-{Guid.NewGuid():n}", _user) : null;
                Stream content = measure is null ? part.Body : measure(part.Body);
                written = await files.WriteAsync(aside ?? new FilePath(to!, _user), new FileWriting(), content, cancellation);
            }

            if (written is null)
            {
                throw Fault.Invalid("file", "the form holds no file: send it as a part named file").AsException();
            }

            return aside is null ? written : await BringAsync(aside, name, cancellation);
        }
        catch when (aside is not null)
        {
            await files.RemoveAsync(aside, CancellationToken.None);
            throw;
        }
    }

    private async Task TakeFieldAsync(FormPart part, CancellationToken cancellation)
    {
        if (part.Name is not ("path" or "user" or "username"))
        {
            return;
        }

        string text = await MultipartForm.TextAsync(part, cancellation);
        if (text.Length > 0 && part.Name == "path")
        {
            _path ??= text;
        }
        else if (text.Length > 0 && userFromForm)
        {
            _user = text;
        }
    }

    private Task<FileEntry> BringAsync(FilePath aside, string? name, CancellationToken cancellation) => (_path ?? name) is { Length: > 0 } to
        ? files.MoveAsync(aside, new FilePath(to, _user), cancellation)
        : throw Fault.Invalid("path", "nothing says where the file goes: give path, or the full path as the file's name").AsException();
}
