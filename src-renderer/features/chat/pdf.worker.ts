/** pdf.js's parser, which answers the messages of the page. A worker of its own, so that a hostile file can be ended. */
import 'pdfjs-dist/legacy/build/pdf.worker.min.mjs'
