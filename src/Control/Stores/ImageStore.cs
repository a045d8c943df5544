using Atoll.Domain.Snapshots;
using Dapper;

namespace Atoll.Control.Stores;

/// <summary>Knows which images the records refer to.</summary>
internal sealed class ImageStore(Database database)
{
    private const string References =
        """
        select 1 from sandboxes where image = @image
        union all select 1 from sandboxes where source = @image and state in ('created', 'starting')
        union all select 1 from snapshots where image = @image
        """;

    public bool IsReferredTo(ImageId image) => database.Read(connection =>
        connection.QuerySingle<bool>($"select exists ({References})", new { image = image.Value }));
}
