using Atoll.Api.Http;
using Atoll.Api.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Atoll.Api.Dialects.ScaleBox.Routes.RouteWords;

namespace Atoll.Api.Dialects.ScaleBox.Routes;

/// <summary>The files of a sandbox, through the control plane.</summary>
internal static class FileRoutes
{
    public static IServiceCollection AddFiles(this IServiceCollection services) => services
        .AddSingleton<ScaleBoxFiles>();

    public static void MapFiles(this IEndpointRouteBuilder app)
    {
        var files = app.ServiceProvider.GetRequiredService<ScaleBoxFiles>();
        app.MapPost(Box + "/files/list", files.ListAsync).Reads().Takes<WireListFiles>()
            .Says<WireEnvelope<WireFileList>>(200, "List a directory, parents before children.").Fails(400, 404, 409, 413, 503);
        app.MapPost(Box + "/files/stat", files.StatAsync).Reads().Takes<WireStatFile>()
            .Says<WireEnvelope<WireFileStat>>(200, "One file or directory; a link as itself.").Fails(400, 404, 409, 413, 503);
        app.MapMethods(Box + "/files/download/{**path}", Read, files.DownloadAsync).With(ScaleBoxParameters.Download)
            .Says<string>(200, "The bytes of a file.", "application/octet-stream")
            .Says<string>(206, "The part of it that Range asks for.", "application/octet-stream").Fails(400, 404, 409, 503);
        app.MapPost(Box + "/files/upload", files.UploadAsync).Streams().With(ScaleBoxParameters.Upload)
            .Says<WireEnvelope<WireUploaded>>(200, "Write one file, sent as multipart/form-data with the fields path, user and file.")
            .Fails(400, 404, 409, 503, 507);
        app.MapGet(Box + "/files/upload-progress", files.ProgressAsync).TakesToken().With(ScaleBoxParameters.Progress)
            .Says<string>(200, "Follow a named upload: events with its progress in percent, or error.", "text/event-stream").Fails(400, 404);
    }
}
