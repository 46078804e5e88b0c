/**
 * The parser of pdf.js, which answers messages of the page. It is a separate worker, so that a hostile file can be
 * ended.
 */
import 'pdfjs-dist/legacy/build/pdf.worker.min.mjs'
